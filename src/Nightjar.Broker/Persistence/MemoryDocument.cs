namespace Nightjar.Broker.Persistence;

/// <summary>A replicated document of one node, in memory.</summary>
internal sealed class MemoryDocument : IReplicatedDocument
{
    private readonly Lock _gate = new();
    private Action<long>? _watchers;
    private ReadOnlyMemory<byte>? _content;
    private long _version;

    public (long Version, ReadOnlyMemory<byte>? Content) Read()
    {
        lock (_gate) return (_version, _content);
    }

    public ValueTask<long?> CompareAndPutAsync(long version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Action<long>? watchers;
        long newVersion;
        lock (_gate)
        {
            if (version != _version) return new ValueTask<long?>((long?)null);
            _content = content.ToArray();
            newVersion = ++_version;
            watchers = _watchers;
        }

        watchers?.Invoke(newVersion);
        return new ValueTask<long?>(newVersion);
    }

    public IDisposable Watch(Action<long> changed)
    {
        lock (_gate) _watchers += changed;
        return new Watcher(this, changed);
    }

    private sealed class Watcher(MemoryDocument document, Action<long> changed) : IDisposable
    {
        public void Dispose()
        {
            lock (document._gate) document._watchers -= changed;
        }
    }
}
