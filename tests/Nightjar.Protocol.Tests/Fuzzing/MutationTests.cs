using Nightjar.Protocol.Tests.Packets;
using Xunit;

namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>Broken packets by the hundred thousand: always a verdict, never an exception.</summary>
public sealed class MutationTests
{
    private const int Count = 400_000;

    private static readonly ProtocolVersion[] Versions = [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    private static readonly byte[] Interesting =
        [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF, 0x26, 0x0B, 0x23, (byte)'+', (byte)'#', (byte)'/', 0xED, 0xC0];

    [Fact]
    public void AnyPacket_Mutated_HasAVerdict()
    {
        int seed = FuzzSeed.Next();
        var random = new Random(seed);
        var packets = new RandomPackets(random);
        byte[][] corpus = [.. Enumerable.Range(0, 3000).Select(i => packets.Next(Versions[i % 3])).Where(p => p.Length < 2000)];
        byte[] buffer = new byte[4096];
        int accepted = 0;
        for (int i = 0; i < Count; i++)
        {
            int length = Mutate(corpus[random.Next(corpus.Length)], buffer, random);
            ReadOnlySpan<byte> wire = buffer.AsSpan(0, length);
            try
            {
                accepted += Judge(wire, random.Next(4) == 0 ? 100 : int.MaxValue) ? 1 : 0;
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, case {i}: {exception.GetType().Name} for {Convert.ToHexString(wire)}\n{exception.StackTrace}");
            }
        }

        Assert.InRange(accepted, Count / 100, Count - (Count / 100));
    }

    [Fact]
    public void AnyBytes_AsABodyOfAnyType_HaveAVerdict()
    {
        int seed = FuzzSeed.Next();
        var random = new Random(seed);
        byte[] body = new byte[60];
        for (int i = 0; i < Count; i++)
        {
            random.NextBytes(body);
            if (random.Next(2) == 0) body.AsSpan(0, random.Next(body.Length)).Clear();
            int length = random.Next(body.Length);
            var frame = new Frame((byte)random.Next(0x10, 0x100), body.AsSpan(0, length), length + 2);
            JudgeFrame(in frame);
        }
    }

    private static bool Judge(ReadOnlySpan<byte> wire, int maximumPacketSize)
    {
        ReadStatus status = FrameReader.TryRead(wire, maximumPacketSize, out Frame frame, out ProtocolError error);
        Assert.Equal(status == ReadStatus.Invalid, error.ReasonCode != ReasonCode.Success);
        return status == ReadStatus.Complete && JudgeFrame(in frame);
    }

    private static bool JudgeFrame(in Frame frame)
    {
        bool any = false;
        foreach (ProtocolVersion version in Versions)
        {
            bool toServer = PacketReading.TryRead(in frame, version, PacketDirection.ToServer, out ProtocolError error);
            AssertVerdict(in frame, toServer, error);
            bool toClient = PacketReading.TryRead(in frame, version, PacketDirection.ToClient, out error);
            AssertVerdict(in frame, toClient, error);
            any |= toServer | toClient;
            if (toServer || toClient) Walk(in frame, version);
        }

        return any;
    }

    private static void AssertVerdict(in Frame frame, bool accepted, ProtocolError error)
    {
        if (accepted != (error.ReasonCode == ReasonCode.Success)) Assert.Fail($"{error} for {Convert.ToHexString(frame.Body)}");
        if (!accepted && (error.Rule is null || error.Offset < 0 || error.Offset > frame.Length))
            Assert.Fail($"{error} for {Convert.ToHexString(frame.Body)}");
    }

    /// <summary>Touches everything that an accepted packet offers.</summary>
    private static void Walk(in Frame frame, ProtocolVersion version)
    {
        if (SubscribePacket.TryRead(in frame, version, out SubscribePacket subscribe, out _))
        {
            int count = 0;
            foreach (SubscribeEntry entry in subscribe) count += TopicFilter.IsValid(entry.TopicFilter) ? 1 : 0;
            Assert.Equal(subscribe.EntryCount, count);
        }

        if (UnsubscribePacket.TryRead(in frame, version, out UnsubscribePacket unsubscribe, out _))
        {
            int count = 0;
            foreach (ReadOnlySpan<byte> filter in unsubscribe) count += TopicFilter.IsValid(filter) ? 1 : 0;
            Assert.Equal(unsubscribe.EntryCount, count);
        }

        if (PublishPacket.TryRead(in frame, version, PacketDirection.ToClient, out PublishPacket publish, out _))
        {
            Assert.True(publish.TopicName.IsEmpty || TopicName.IsValid(publish.TopicName));
            WalkProperties(publish.Properties);
        }

        if (ConnectPacket.TryRead(in frame, out ConnectPacket connect, out _)) WalkProperties(connect.WillProperties);
    }

    private static void WalkProperties(PublishProperties properties)
    {
        Span<byte> forwarded = new byte[properties.ForwardableLength];
        Assert.Equal(forwarded.Length, properties.CopyForwardable(forwarded));
        int pairs = 0;
        foreach (UserProperty pair in properties.UserProperties)
            pairs += Utf8Text.IsValid(pair.Name) && Utf8Text.IsValid(pair.Value) ? 1 : 0;
        Assert.Equal(properties.UserPropertyCount, pairs);
        int identifiers = 0;
        foreach (uint identifier in properties.SubscriptionIdentifiers) identifiers += identifier != 0 ? 1 : 0;
        Assert.Equal(properties.SubscriptionIdentifierCount, identifiers);
        Assert.True(Utf8Text.IsValid(properties.ContentType) && Utf8Text.IsValid(properties.ResponseTopic));
        Assert.InRange(properties.CorrelationData.Length, 0, properties.Raw.Length);
    }

    private static int Mutate(byte[] source, byte[] buffer, Random random)
    {
        source.CopyTo(buffer, 0);
        int length = source.Length;
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            int at = random.Next(Math.Min(length, random.Next(2) == 0 ? 24 : length));
            switch (random.Next(6))
            {
                case 0:
                    buffer[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    buffer[at] = Interesting[random.Next(Interesting.Length)];
                    break;
                case 2:
                    buffer[at] = (byte)random.Next(256);
                    break;
                case 3 when length < buffer.Length:
                    Array.Copy(buffer, at, buffer, at + 1, length - at);
                    buffer[at] = Interesting[random.Next(Interesting.Length)];
                    length++;
                    break;
                case 4 when length > 2:
                    Array.Copy(buffer, at + 1, buffer, at, length - at - 1);
                    length--;
                    break;
                default:
                    length = Math.Max(2, at);
                    break;
            }
        }

        // Often the Remaining Length is made right again, so that the damage is met by the packet's own reader.
        if (length - 2 < 0x80 && buffer[1] < 0x80 && random.Next(2) == 0) buffer[1] = (byte)(length - 2);
        return length;
    }
}
