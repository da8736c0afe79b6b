namespace Nightjar.Storage.Sqlite;

/// <summary>Keys of sessions by client id. Any thread; one lock, which is a leaf.</summary>
internal sealed class ClientKeys
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _names = [];
    private long _last;

    /// <summary>The key of the session of a client id, or one for a session to be made.</summary>
    internal long FindOrMake(string clientId)
    {
        lock (_gate) return _keys.TryGetValue(clientId, out var key) ? key : ++_last;
    }

    /// <summary>A session is there.</summary>
    internal void Add(string clientId, long key)
    {
        lock (_gate)
        {
            _keys[clientId] = key;
            _names[key] = clientId;
            _last = Math.Max(_last, key);
        }
    }

    /// <summary>A session is gone.</summary>
    internal void Remove(long key)
    {
        lock (_gate)
        {
            if (_names.Remove(key, out var clientId) && _keys.TryGetValue(clientId, out var current) && current == key) _keys.Remove(clientId);
        }
    }

    /// <summary>Number of sessions.</summary>
    internal int Count
    {
        get
        {
            lock (_gate) return _names.Count;
        }
    }
}
