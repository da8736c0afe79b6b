namespace Nightjar.Testing;

/// <summary>A clock that moves when it is told to. Timers that have become due run on the thread that moves it, each once for one move.</summary>
public sealed class FakeTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<FakeTimer> _timers = [];
    private DateTimeOffset _wall = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _ticks;
    private long _moves;

    /// <summary>Ticks of 100 ns.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _wall;
    }

    /// <summary>Moves the monotonic clock and the wall clock on, and runs what is due.</summary>
    public void Advance(TimeSpan by)
    {
        long move;
        lock (_gate)
        {
            _ticks += by.Ticks;
            _wall += by;
            move = ++_moves;
        }

        while (TakeDue(move) is { } timer) timer.Run();
    }

    /// <summary>Moves the wall clock alone, as an administrator or NTP does.</summary>
    public void JumpWallClock(TimeSpan by)
    {
        lock (_gate) _wall += by;
    }

    /// <summary>Whether something waits for the clock to move by so much, once: what a test that is about to move it has to wait for.</summary>
    public bool IsAwaited(TimeSpan by)
    {
        lock (_gate) return _timers.Exists(timer => timer.IsDueOnceAt(_ticks + by.Ticks));
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private FakeTimer? TakeDue(long move)
    {
        lock (_gate)
        {
            foreach (var timer in _timers)
            {
                if (timer.TakeDue(_ticks, move)) return timer;
            }
        }

        return null;
    }

    private sealed class FakeTimer(FakeTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private long _due = long.MaxValue;
        private long _period;
        private long _lastMove;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                _due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : owner._ticks + dueTime.Ticks;
                _period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                if (!owner._timers.Contains(this)) owner._timers.Add(this);
            }

            return true;
        }

        public bool TakeDue(long now, long move)
        {
            if (_due > now || _lastMove == move) return false;
            _lastMove = move;
            _due = _period == 0 ? long.MaxValue : now + _period;
            return true;
        }

        public bool IsDueOnceAt(long ticks) => _due == ticks && _period == 0;

        public void Run() => callback(state);

        public void Dispose()
        {
            lock (owner._gate) owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
