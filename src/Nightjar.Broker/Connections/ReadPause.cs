using System.Threading.Tasks.Sources;

namespace Nightjar.Broker.Connections;

/// <summary>A wait of a connection's reading loop for a moment of the clock, which the end of the connection cuts short. Made once, used again and again without an allocation.</summary>
/// <remarks>One wait at a time. It goes on on the thread of the clock's timer.</remarks>
internal sealed class ReadPause : IValueTaskSource, IDisposable
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Ended = 2;

    private readonly ITimer _timer;
    private ManualResetValueTaskSourceCore<bool> _core;
    private int _state;

    internal ReadPause(TimeProvider time) =>
        _timer = time.CreateTimer(static state => ((ReadPause)state!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Waits.</summary>
    /// <param name="milliseconds">How long, at least 1.</param>
    /// <returns>Completes when the time is over, or after <see cref="End"/>.</returns>
    internal ValueTask WaitAsync(long milliseconds)
    {
        _core.Reset();
        var wait = new ValueTask(this, _core.Version);
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) != Idle) return ValueTask.CompletedTask;
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
        return wait;
    }

    /// <summary>Ends the wait, if there is one, on the thread pool; later waits are over at once. Any thread.</summary>
    internal void End()
    {
        if (Interlocked.Exchange(ref _state, Ended) == Waiting)
            ThreadPool.UnsafeQueueUserWorkItem(static pause => pause._core.SetResult(true), this, preferLocal: false);
    }

    public void Dispose() => _timer.Dispose();

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void OnDue()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting) _core.SetResult(true);
    }
}
