using BenchmarkDotNet.Attributes;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>
/// What an active access file costs per message once its topic's route is known: the same messages, published and delivered in batches of one
/// read, with and without it. The figures are per message; <see cref="RulesCost"/> takes their difference where the machine is noisy.
/// </summary>
[MemoryDiagnoser]
public class ActiveRulesBenchmark
{
    private readonly RulesPath _open = new();
    private readonly RulesPath _ruled = new();

    /// <summary>Topics that the publisher takes in turn: one is the last one again, several are found in its table.</summary>
    [Params(1, 16)]
    public int Topics { get; set; }

    /// <summary>Connects and subscribes on two brokers.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _open.Open(Topics, withRules: false);
        _ruled.Open(Topics, withRules: true);
    }

    /// <summary>Ends everything.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _open.Dispose();
        _ruled.Dispose();
    }

    /// <summary>No rules.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = RulesPath.Batch)]
    public void WithoutRules() => _open.Run();

    /// <summary>1000 rules.</summary>
    [Benchmark(OperationsPerInvoke = RulesPath.Batch)]
    public void WithRules() => _ruled.Run();
}
