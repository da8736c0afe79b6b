using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Keeps the document in memory; writes wait while it is closed, and fail when told to.</summary>
internal sealed class StoppableStorage : IDynamicSecurityStorage, IDisposable
{
    private readonly SemaphoreSlim _passes = new(0);
    private volatile bool _isClosed;

    /// <summary>What is kept.</summary>
    public byte[] Content { get; set; } = DynamicSecurityFileWriter.ToBytes(DynamicSecurityState.Empty);

    /// <summary>Message of the failure of the next writes; null for none.</summary>
    public volatile string? Failure;

    /// <summary>Writes that were begun.</summary>
    public volatile int Begun;

    /// <summary>Changes of the states that were written, in order.</summary>
    public List<long> Written { get; } = [];

    public void Close() => _isClosed = true;

    /// <summary>Lets one write pass that waits or is to come.</summary>
    public void Pass() => _passes.Release();

    public void Open()
    {
        _isClosed = false;
        _passes.Release(1000);
    }

    public DynamicSecurityFile Read() => DynamicSecurityFile.Parse(Content, "f");

    public void Replace(DynamicSecurityState state)
    {
        Begun++;
        if (_isClosed) _passes.Wait();
        if (Failure is { } failure) throw new IOException(failure);
        Content = DynamicSecurityFileWriter.ToBytes(state);
        Written.Add(state.ChangeIndex);
    }

    public void Dispose() => _passes.Dispose();
}
