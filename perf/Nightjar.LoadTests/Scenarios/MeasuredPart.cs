using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Simulations;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Warms up, measures, and waits for what is still under way.</summary>
internal sealed class MeasuredPart(ScenarioContext context, IMeasured measured, ILoadTarget target)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(5);

    private LatencySnapshot _latencyBefore = LatencySnapshot.Empty;
    private Totals _before;
    private Totals _after;
    private TimeSpan _elapsed;
    private TimeSpan _generator;
    private TimeSpan? _broker;
    private long? _brokerResident;
    private IReadOnlyList<TimePoint> _points = [];
    private long _notBegun;
    private LatencySnapshot _lateness = LatencySnapshot.Empty;

    /// <summary>Runs the plan; measures all of it but the warm-up.</summary>
    internal async Task RunAsync(LoadPlan plan)
    {
        var driver = new LoadDriver(target, TimeProvider.System);
        var sampler = new Sampler(measured, TimeProvider.System, context.Progress);
        TimeSpan interval = ScenarioContext.IntervalOf(plan.Duration);
        if (plan.WarmUp > TimeSpan.Zero)
        {
            Task warmUp = driver.RunAsync([plan.Simulations[0].Lasting(plan.WarmUp)], context.CancellationToken);
            await sampler.FollowAsync("warm-up", warmUp, interval).ConfigureAwait(false);
        }

        long notBegun = driver.NotBegun;
        LatencySnapshot late = LatencySnapshot.Of([driver.Lateness]);
        await MeasureAsync(sampler, () => driver.RunAsync(plan.Simulations, context.CancellationToken), interval).ConfigureAwait(false);
        _notBegun = driver.NotBegun - notBegun;
        _lateness = LatencySnapshot.Of([driver.Lateness]).Since(late);
        context.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Measures some work.</summary>
    internal async Task MeasureAsync(Sampler sampler, Func<Task> work, TimeSpan interval)
    {
        ProcessUsage? brokerBefore = ProcessUsage.Of(context.Options.BrokerProcessId);
        ProcessUsage generatorBefore = ProcessUsage.OfThis();
        _latencyBefore = measured.Latency;
        _before = measured.Totals;
        long start = MonotonicClock.Now;
        await sampler.FollowAsync("measure", work(), interval).ConfigureAwait(false);
        _after = measured.Totals;
        _elapsed = TimeSpan.FromMicroseconds((MonotonicClock.Now - start) / 1e3);
        _generator = ProcessUsage.OfThis().Processor - generatorBefore.Processor;
        ProcessUsage? brokerAfter = ProcessUsage.Of(context.Options.BrokerProcessId);
        _broker = brokerAfter?.Processor - brokerBefore?.Processor;
        _brokerResident = brokerAfter?.ResidentBytes;
        _points = [.. sampler.Points];
    }

    /// <summary>Waits until a number of deliveries has come, as long as some come.</summary>
    internal async Task DrainAsync(Func<long> received, long expected)
    {
        long last = received();
        long since = MonotonicClock.Now;
        while (received() < expected && (MonotonicClock.Now - since) / 1e9 < context.Options.DrainPatience.TotalSeconds)
        {
            await Task.Delay(s_look, context.CancellationToken).ConfigureAwait(false);
            if (received() == last) continue;
            last = received();
            since = MonotonicClock.Now;
        }
    }

    /// <summary>The result so far; latency up to now, so that what came late counts.</summary>
    internal ScenarioResult ResultOf(Scenario scenario, string load, string latencyName, IReadOnlyList<KeyValuePair<string, string>> parameters) => new()
    {
        Name = scenario.Name,
        Summary = scenario.Summary,
        Load = load,
        LatencyName = latencyName,
        Parameters = parameters,
        Elapsed = _elapsed,
        Sent = _after.Sent - _before.Sent,
        Received = _after.Received - _before.Received,
        NotBegun = _notBegun,
        Latency = measured.Latency.Since(_latencyBefore),
        Lateness = _lateness,
        Points = _points,
        Processors = Environment.ProcessorCount,
        GeneratorProcessor = _generator,
        BrokerProcessor = _broker,
        BrokerResidentBytes = _brokerResident,
    };
}
