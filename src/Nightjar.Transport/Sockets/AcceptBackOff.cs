namespace Nightjar.Transport.Sockets;

/// <summary>What a listener does while descriptors or memory are short: it waits, longer each time, and leaves the process some descriptors.</summary>
internal sealed class AcceptBackOff(TimeProvider time, CancellationToken closed) : IDisposable
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(500);

    private readonly DescriptorReserve _reserve = new();
    private TimeSpan _delay = Least;

    /// <summary>Takes the descriptors that are held back; false when they are not there.</summary>
    internal bool TryTakeReserve() => _reserve.TryTake();

    /// <summary>Gives them to the process.</summary>
    internal void ReleaseReserve() => _reserve.Release();

    /// <summary>Something was accepted: the next wait is a short one.</summary>
    internal void Reset() => _delay = Least;

    /// <summary>Waits, at most until the listener is closed or the token cancelled. Does not throw.</summary>
    internal async Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan delay = _delay;
        _delay = delay * 2 > Most ? Most : delay * 2;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(closed, cancellationToken);
        await Task.Delay(delay, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void Dispose() => _reserve.Dispose();
}
