using BenchmarkDotNet.Attributes;
using Nightjar.Protocol;

namespace Nightjar.Microbenchmarks.Protocol;

/// <summary>Reading CONNECT and SUBSCRIBE: what a storm of reconnecting clients costs the protocol layer.</summary>
[MemoryDiagnoser]
public class ConnectBenchmarks
{
    private byte[] _connect311 = [];
    private byte[] _connect5 = [];
    private byte[] _subscribe = [];

    /// <summary>Encodes what is read.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _connect311 = Encode(Writer(ProtocolVersion.Mqtt311));
        _connect5 = Encode(Writer(ProtocolVersion.Mqtt50));
        var writer = new SubscribeWriter
        {
            Version = ProtocolVersion.Mqtt50,
            PacketId = 1,
            Subscriptions = [new("factory/+/machine42/#"u8.ToArray(), QualityOfService.AtLeastOnce)],
        };
        _subscribe = new byte[writer.Measure()];
        writer.Write(_subscribe);
    }

    /// <summary>CONNECT of MQTT 3.1.1 with credentials and a will.</summary>
    [Benchmark]
    public int ReadConnect311() => ReadConnect(_connect311);

    /// <summary>CONNECT of MQTT 5.0 with credentials, a will and two properties.</summary>
    [Benchmark]
    public int ReadConnect5() => ReadConnect(_connect5);

    /// <summary>SUBSCRIBE with one wildcard filter.</summary>
    [Benchmark]
    public int ReadSubscribe()
    {
        FrameReader.TryRead(_subscribe, 2_000_000, out Frame frame, out _);
        return SubscribePacket.TryRead(in frame, ProtocolVersion.Mqtt50, out SubscribePacket packet, out _) ? packet.EntryCount : 0;
    }

    private static int ReadConnect(byte[] wire)
    {
        FrameReader.TryRead(wire, 2_000_000, out Frame frame, out _);
        return ConnectPacket.TryRead(in frame, out ConnectPacket packet, out _) ? packet.ClientId.Length : 0;
    }

    private static byte[] Encode(ConnectWriter writer)
    {
        byte[] wire = new byte[writer.Measure()];
        writer.Write(wire);
        return wire;
    }

    private static ConnectWriter Writer(ProtocolVersion version) => new()
    {
        Version = version,
        CleanStart = true,
        KeepAlive = 60,
        ClientId = "machine-42-gateway"u8,
        HasUserName = true,
        UserName = "gateway"u8,
        HasPassword = true,
        Password = "correct horse"u8,
        HasWill = true,
        WillTopic = "factory/machine42/state"u8,
        WillPayload = "offline"u8,
        SessionExpiryInterval = 3600,
        ReceiveMaximum = 20,
    };
}
