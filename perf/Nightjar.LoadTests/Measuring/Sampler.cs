namespace Nightjar.LoadTests.Measuring;

/// <summary>Looks at a running scenario at equal intervals: makes the time series and feeds the progress line.</summary>
internal sealed class Sampler(IMeasured measured, TimeProvider timeProvider, Action<string, TimePoint, Totals>? progress)
{
    private readonly List<TimePoint> _points = [];
    private long _start;
    private TimeSpan _lastElapsed;
    private Totals _last;
    private LatencySnapshot _lastLatency = LatencySnapshot.Empty;

    /// <summary>The time series of the last phase.</summary>
    internal IReadOnlyList<TimePoint> Points => _points;

    /// <summary>Forgets earlier points and begins a phase now.</summary>
    internal void Begin()
    {
        _points.Clear();
        _start = timeProvider.GetTimestamp();
        _lastElapsed = TimeSpan.Zero;
        _last = measured.Totals;
        _lastLatency = measured.Latency;
    }

    /// <summary>Adds the point of the interval that ends now.</summary>
    internal void Sample(string phase)
    {
        TimeSpan elapsed = timeProvider.GetElapsedTime(_start);
        double seconds = (elapsed - _lastElapsed).TotalSeconds;
        if (seconds <= 0) return;
        Totals totals = measured.Totals;
        LatencySnapshot latency = measured.Latency;
        var point = new TimePoint(
            elapsed, (totals.Sent - _last.Sent) / seconds, (totals.Received - _last.Received) / seconds, latency.Since(_lastLatency));
        _points.Add(point);
        progress?.Invoke(phase, point, totals);
        (_lastElapsed, _last, _lastLatency) = (elapsed, totals, latency);
    }

    /// <summary>Samples until the work ends, and once more then.</summary>
    internal async Task FollowAsync(string phase, Task work, TimeSpan interval)
    {
        Begin();
        using var timer = new PeriodicTimer(interval, timeProvider);
        Task<bool> tick = timer.WaitForNextTickAsync().AsTask();
        while (await Task.WhenAny(work, tick).ConfigureAwait(false) != work)
        {
            Sample(phase);
            tick = timer.WaitForNextTickAsync().AsTask();
        }

        Sample(phase);
        await work.ConfigureAwait(false);
    }
}
