using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Simulations;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Load made of pieces of asynchronous work, such as connecting once, each with its own latency.</summary>
/// <param name="work">Does piece number n; gives its latency in nanoseconds, or null when it failed (it has told why itself).</param>
/// <param name="maximumUnderWay">Most pieces under way.</param>
/// <param name="budget">Pieces in all.</param>
internal sealed class WorkTarget(Func<long, Task<long?>> work, int maximumUnderWay, long budget = long.MaxValue) : IMeasured, ILoadTarget
{
    private readonly Lock _gate = new();
    private readonly LatencyHistogram _latency = new();
    private long _begun;
    private long _succeeded;
    private int _underWay;
    private volatile bool _looping;

    public Totals Totals => new(Volatile.Read(ref _begun), Volatile.Read(ref _succeeded));

    public LatencySnapshot Latency => LatencySnapshot.Of([_latency]);

    public bool IsExhausted => Volatile.Read(ref _begun) >= budget;

    public int Room => (int)Math.Min(maximumUnderWay - UnderWay, Math.Min(budget - Volatile.Read(ref _begun), int.MaxValue));

    /// <summary>Pieces begun and not ended.</summary>
    internal int UnderWay => Volatile.Read(ref _underWay);

    public void Inject(int count, long due)
    {
        for (int i = 0; i < count && TryBegin(out long number); i++) _ = RunAsync(number, Math.Max(MonotonicClock.Now - due, 0));
    }

    public void StartClosedLoop(int window)
    {
        _looping = true;
        for (int i = 0; i < window; i++) _ = Task.Run(LoopAsync);
    }

    public void StopClosedLoop() => _looping = false;

    /// <summary>Does the next piece, outside any simulation.</summary>
    internal Task RunNextAsync() => TryBegin(out long number) ? RunAsync(number) : Task.CompletedTask;

    private async Task LoopAsync()
    {
        while (_looping && TryBegin(out long number)) await RunAsync(number).ConfigureAwait(false);
    }

    private bool TryBegin(out long number)
    {
        lock (_gate)
        {
            number = _begun;
            if (_begun >= budget) return false;
            _begun++;
            _underWay++;
            return true;
        }
    }

    // What began late had its latency begin before it did.
    private async Task RunAsync(long number, long late = 0)
    {
        long? latency = await work(number).ConfigureAwait(false);
        lock (_gate)
        {
            _underWay--;
            if (latency is null) return;
            _succeeded++;
            _latency.Record(latency.Value + late);
        }
    }
}
