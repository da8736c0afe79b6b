using Nightjar.Protocol.Tests.Packets;
using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>What reading and writing may cost: no allocation.</summary>
[Trait("Measures", "optimised code")]
public sealed class AllocationTests
{
    /// <summary>A packet of each type; for each version where they differ; and refused ones, which must not cost more.</summary>
    public static TheoryData<string, ProtocolVersion> Packets => new()
    {
        { "10 [ 'MQTT' 05 F6 003C [ 11 0000000A 26 'n' 'v' ] 'client' [ 18 00000007 ] 'will' 'p' 'u' 's' ]", ProtocolVersion.Mqtt50 },
        { "10 [ 'MQTT' 04 02 003C 'client' ]", ProtocolVersion.Mqtt311 },
        { "20 [ 00 00 [ 22 000A 27 001E8480 21 0014 ] ]", ProtocolVersion.Mqtt50 },
        { "30 [ 'a/b' \"payload\" ]", ProtocolVersion.Mqtt311 },
        { "32 [ 'a/b' 0001 [] \"payload\" ]", ProtocolVersion.Mqtt50 },
        { "34 [ 'a/b' 0001 [ 23 0001 02 0000000A 01 01 08 'r' 09 000101 03 't' 26 'n' 'v' ] \"payload\" ]", ProtocolVersion.Mqtt50 },
        { "40 [ 0001 ]", ProtocolVersion.Mqtt311 },
        { "50 [ 0001 97 [ 1F 'why' ] ]", ProtocolVersion.Mqtt50 },
        { "62 [ 0001 ]", ProtocolVersion.Mqtt50 },
        { "70 [ 0001 92 ]", ProtocolVersion.Mqtt50 },
        { "82 [ 0001 [ 0B 05 ] 'a/#' 01 '$share/g/b' 00 ]", ProtocolVersion.Mqtt50 },
        { "90 [ 0001 [] 00 01 ]", ProtocolVersion.Mqtt50 },
        { "A2 [ 0001 [] 'a/#' 'b' ]", ProtocolVersion.Mqtt50 },
        { "B0 [ 0001 [] 00 11 ]", ProtocolVersion.Mqtt50 },
        { "C000", ProtocolVersion.Mqtt311 },
        { "E0 [ 04 [ 11 00000005 1F 'why' ] ]", ProtocolVersion.Mqtt50 },
        { "F0 [ 18 [ 15 'm' 16 000101 ] ]", ProtocolVersion.Mqtt50 },
        { "30 [ 'a/+' [] ]", ProtocolVersion.Mqtt50 },
        { "30 [ 'a' [ 01 02 ] ]", ProtocolVersion.Mqtt50 },
        { "10 [ 'MQTT' 05 03 003C [] 'c' ]", ProtocolVersion.Mqtt50 },
        { "82 [ 0001 [] 'a/#/b' 00 ]", ProtocolVersion.Mqtt50 },
    };

    [Theory]
    [MemberData(nameof(Packets))]
    public void Read_AnyPacket_AllocatesNothing(string literal, ProtocolVersion version)
    {
        byte[] wire = WireLiteral.Parse(literal);
        long allocated = Measure(() =>
        {
            FrameReader.TryRead(wire, int.MaxValue, out Frame frame, out _);
            PacketReading.TryRead(in frame, version, PacketDirection.ToServer, out _);
            if (SubscribePacket.TryRead(in frame, version, out SubscribePacket subscribe, out _))
            {
                foreach (SubscribeEntry entry in subscribe) TopicFilter.IsValid(entry.TopicFilter, 200);
            }
        });
        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public void Write_EveryPacket_AllocatesNothing(ProtocolVersion version)
    {
        byte[] buffer = new byte[1000];
        byte[] pairs = WireLiteral.Parse("26 'n' 'v'");
        ReasonCode[] codes = [ReasonCode.GrantedQoS1];
        SubscriptionRequest[] subscriptions = [new("a"u8.ToArray(), QualityOfService.AtLeastOnce)];
        ReadOnlyMemory<byte>[] filters = ["a"u8.ToArray()];
        long allocated = Measure(() =>
        {
            new PublishWriter
            {
                Version = version,
                TopicName = "a/b"u8,
                QoS = QualityOfService.AtLeastOnce,
                PacketId = 1,
                TopicAlias = 1,
                SubscriptionIdentifiers = [1, 2],
                ForwardableProperties = pairs,
                Payload = "x"u8,
            }.Write(buffer);
            AcknowledgementWriter.Write(buffer, PacketType.PubAck, 1, version, ReasonCode.QuotaExceeded, "why"u8, pairs);
            new ConnAckWriter
            {
                Version = version,
                TopicAliasMaximum = 10,
                ServerKeepAlive = 5,
                RetainAvailable = true,
                UserProperties = pairs,
            }.Write(buffer);
            new ConnectWriter
            {
                Version = version,
                ClientId = "c"u8,
                HasWill = true,
                WillTopic = "w"u8,
                RequestProblemInformation = false,
                UserProperties = pairs,
            }.Write(buffer);
            new SubscribeWriter { Version = version, PacketId = 1, Subscriptions = subscriptions, UserProperties = pairs }.Write(buffer);
            new UnsubscribeWriter { Version = version, PacketId = 1, TopicFilters = filters, UserProperties = pairs }.Write(buffer);
            SubAckWriter.Write(buffer, version, 1, codes, "why"u8, pairs);
            UnsubAckWriter.Write(buffer, version, 1, codes, "why"u8, pairs);
            new DisconnectWriter
            {
                Version = version,
                ReasonCode = ReasonCode.SessionTakenOver,
                SessionExpiryInterval = 5,
                ReasonString = "why"u8,
                UserProperties = pairs,
            }.Write(buffer);
            new AuthWriter
            {
                ReasonCode = ReasonCode.ContinueAuthentication,
                AuthenticationMethod = "m"u8,
                UserProperties = pairs,
            }.Write(buffer);
            PingWriter.WriteResponse(buffer);
        });
        Assert.Equal(0, allocated);
    }

    private static long Measure(Action action)
    {
        for (int i = 0; i < 100; i++) action();
        // A collection that another thread starts may put the counter off: what allocates does so every time.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 8 && least != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++) action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
