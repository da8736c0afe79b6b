using BenchmarkDotNet.Attributes;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Microbenchmarks.Routing;

/// <summary>A message to one receiver whose route is known, in batches of one read: what the broker itself costs, without a system call.</summary>
[MemoryDiagnoser]
public class CachedPublishBenchmark
{
    private const int Batch = 64;
    private SteppedBroker _broker = null!;
    private SteppedClient[] _clients = [];
    private byte[] _batch = [];

    /// <summary>Version of both clients.</summary>
    [Params(ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50)]
    public ProtocolVersion Version { get; set; }

    /// <summary>Quality of service on both sides.</summary>
    [Params(QualityOfService.AtMostOnce, QualityOfService.AtLeastOnce, QualityOfService.ExactlyOnce)]
    public QualityOfService QoS { get; set; }

    /// <summary>Connects and subscribes.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _broker = new SteppedBroker();
        _clients = [_broker.Connect("p", Version), _broker.Connect("s", Version)];
        _clients[1].Subscribe("dev/+/temp", QoS);
        // Packet ids within the Receive Maximum of 20: at QoS 2 a batch of 64 would break it.
        var messages = QoS == QualityOfService.ExactlyOnce ? 16 : Batch;
        _batch = [.. Enumerable.Range(1, messages).SelectMany(id => WirePackets.Publish(Version, "dev/7/temp", new string('x', 64), QoS, (ushort)id))];
    }

    /// <summary>Ends everything.</summary>
    [GlobalCleanup]
    public void Cleanup() => _broker.Dispose();

    /// <summary>One read of 64 messages (16 at QoS 2) and everything that follows from it.</summary>
    [Benchmark]
    public void PublishBatch()
    {
        _clients[0].Feed(_batch);
        SteppedBroker.Settle(_clients);
    }
}
