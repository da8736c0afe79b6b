using BenchmarkDotNet.Attributes;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Microbenchmarks.Routing;

/// <summary>One message to many receivers, from the bytes of PUBLISH to the bytes for each socket, acknowledgements included.</summary>
[MemoryDiagnoser]
public class FanOutBenchmark
{
    private SteppedBroker _broker = null!;
    private SteppedClient[] _clients = [];
    private byte[] _packet = [];

    /// <summary>Receivers of the message.</summary>
    [Params(1, 50, 1000)]
    public int Receivers { get; set; }

    /// <summary>Quality of service on both sides.</summary>
    [Params(QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce)]
    public QualityOfService QoS { get; set; }

    /// <summary>Connects and subscribes.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _broker = new SteppedBroker();
        _clients = [.. Enumerable.Range(0, Receivers + 1).Select(i => _broker.Connect($"c{i}", ProtocolVersion.Mqtt311))];
        foreach (var client in _clients.AsSpan(1)) client.Subscribe("dev/+/temp", QoS);
        _packet = WirePackets.Publish(ProtocolVersion.Mqtt311, "dev/7/temp", new string('x', 64), QoS);
    }

    /// <summary>Ends everything.</summary>
    [GlobalCleanup]
    public void Cleanup() => _broker.Dispose();

    /// <summary>One PUBLISH.</summary>
    [Benchmark]
    public void Publish()
    {
        _clients[0].Feed(_packet);
        SteppedBroker.Settle(_clients);
    }
}
