using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>
/// What an active access file costs per message once its topic's route is known: the same messages, published and delivered in batches of one
/// read, with and without it. The figures are per message; their difference is the cost.
/// </summary>
[MemoryDiagnoser]
public class ActiveRulesBenchmark
{
    private const int Batch = 64;
    private readonly Path _open = new();
    private readonly Path _ruled = new();

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
    [Benchmark(Baseline = true, OperationsPerInvoke = Batch)]
    public void WithoutRules() => _open.Run();

    /// <summary>1000 rules.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public void WithRules() => _ruled.Run();

    private sealed class Path : IDisposable
    {
        private SteppedBroker _broker = null!;
        private SteppedClient[] _clients = [];
        private byte[] _batch = [];

        internal void Open(int topics, bool withRules)
        {
            string[] lines = ["pattern write dev/%c/#", .. Enumerable.Range(0, 998).Select(i => $"topic read x/{i}/+"), "topic read dev/+/#"];
            _broker = new SteppedBroker(authorizer: withRules ? AccessList.Parse(lines, "f").Compile() : null);
            _clients = [_broker.Connect("p"), _broker.Connect("s")];
            _clients[1].Subscribe("dev/p/+", QualityOfService.AtMostOnce);
            _batch = [.. Enumerable.Range(0, Batch).SelectMany(i => WirePackets.Publish(ProtocolVersion.Mqtt50, $"dev/p/{i % topics}", new string('x', 64)))];
        }

        internal void Run()
        {
            _clients[0].Feed(_batch);
            SteppedBroker.Settle(_clients);
        }

        public void Dispose() => _broker.Dispose();
    }
}
