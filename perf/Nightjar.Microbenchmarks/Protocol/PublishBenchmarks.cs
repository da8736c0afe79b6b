using BenchmarkDotNet.Attributes;
using Nightjar.Protocol;

namespace Nightjar.Microbenchmarks.Protocol;

/// <summary>Reading and writing one PUBLISH: steps 3, 4 and 9 of every message's way through the broker.</summary>
[MemoryDiagnoser]
public class PublishBenchmarks
{
    private readonly byte[] _topicName = "factory/line7/machine42/temperature"u8.ToArray();
    private readonly byte[] _payload = new byte[64];
    private readonly byte[] _forwardable = [0x01, 0x01, 0x26, 0, 1, (byte)'n', 0, 1, (byte)'v'];
    private readonly byte[] _destination = new byte[4096];
    private byte[] _version311 = [];
    private byte[] _version5 = [];
    private byte[] _version5WithProperties = [];

    /// <summary>Encodes what is read.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _version311 = Encode(Writer(ProtocolVersion.Mqtt311));
        _version5 = Encode(Writer(ProtocolVersion.Mqtt50));
        _version5WithProperties = Encode(WriterWithProperties());
    }

    /// <summary>Frame and packet, MQTT 3.1.1, QoS 1.</summary>
    [Benchmark]
    public int Read311() => Read(_version311, ProtocolVersion.Mqtt311);

    /// <summary>Frame and packet, MQTT 5.0, QoS 1, no properties.</summary>
    [Benchmark]
    public int Read5() => Read(_version5, ProtocolVersion.Mqtt50);

    /// <summary>Frame and packet, MQTT 5.0, QoS 1, four properties.</summary>
    [Benchmark]
    public int Read5WithProperties() => Read(_version5WithProperties, ProtocolVersion.Mqtt50);

    /// <summary>MQTT 3.1.1, QoS 1.</summary>
    [Benchmark]
    public int Write311() => Writer(ProtocolVersion.Mqtt311).Write(_destination);

    /// <summary>MQTT 5.0, QoS 1, no properties.</summary>
    [Benchmark]
    public int Write5() => Writer(ProtocolVersion.Mqtt50).Write(_destination);

    /// <summary>MQTT 5.0, QoS 1, four properties.</summary>
    [Benchmark]
    public int Write5WithProperties() => WriterWithProperties().Write(_destination);

    /// <summary>PUBACK of MQTT 5.0.</summary>
    [Benchmark]
    public int WritePubAck() => AcknowledgementWriter.Write(_destination, PacketType.PubAck, 7, ProtocolVersion.Mqtt50, ReasonCode.Success);

    private static int Read(byte[] wire, ProtocolVersion version)
    {
        FrameReader.TryRead(wire, 2_000_000, out Frame frame, out _);
        return PublishPacket.TryRead(in frame, version, PacketDirection.ToServer, out PublishPacket packet, out _)
            ? packet.Payload.Length + packet.TopicName.Length
            : throw new InvalidOperationException("A benchmark's own packet was refused.");
    }

    private static byte[] Encode(PublishWriter writer)
    {
        byte[] wire = new byte[writer.Measure()];
        writer.Write(wire);
        return wire;
    }

    private PublishWriter Writer(ProtocolVersion version) => new()
    {
        Version = version,
        QoS = QualityOfService.AtLeastOnce,
        TopicName = _topicName,
        PacketId = 7,
        Payload = _payload,
    };

    private PublishWriter WriterWithProperties() => new()
    {
        Version = ProtocolVersion.Mqtt50,
        QoS = QualityOfService.AtLeastOnce,
        TopicName = _topicName,
        PacketId = 7,
        TopicAlias = 3,
        HasMessageExpiryInterval = true,
        MessageExpiryInterval = 60,
        ForwardableProperties = _forwardable,
        Payload = _payload,
    };
}
