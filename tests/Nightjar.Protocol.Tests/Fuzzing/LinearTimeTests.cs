using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>Time in proportion to the bytes, measured as processor time so that other programs do not count.</summary>
[Collection(ProcessorTimeCollection.Name)]
[Trait("Measures", "optimised code")]
public sealed class LinearTimeTests
{
    [Fact]
    public void UserProperties_400000_ReadInProportion()
    {
        // At most 50 ms of processor time a megabyte; 400 000 of them are 2.8 MB. The code gets there when the compiler has come to optimise it, which
        // on a loaded machine takes its time.
        TimeSpan limit = TimeSpan.FromMilliseconds(140);
        // The small one first: code that is optimised for it is for the large one too.
        TimeSpan small = TimeOf(100_000, limit);
        TimeSpan large = TimeOf(400_000, limit);
        Assert.True(large < limit, $"{large} for 400 000");
        Assert.True(large < (small * 8) + TimeSpan.FromMilliseconds(10), $"{small} for 100 000, {large} for 400 000");
    }

    // The best of ten attempts, and of more as long as none was within the limit.
    private static TimeSpan TimeOf(int count, TimeSpan limit)
    {
        byte[] pair = WireLiteral.Parse("26 'n' 'v'");
        byte[] pairs = new byte[count * pair.Length];
        for (int i = 0; i < count; i++) pair.CopyTo(pairs, i * pair.Length);
        var writer = new PublishWriter
        {
            Version = ProtocolVersion.Mqtt50,
            TopicName = "a"u8,
            TopicAlias = 1,
            ForwardableProperties = pairs,
        };
        byte[] wire = new byte[writer.Measure()];
        writer.Write(wire);

        TimeSpan best = TimeSpan.MaxValue;
        for (int attempt = 0; attempt < 10 || (best >= limit && attempt < 200); attempt++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            FrameReader.TryRead(wire, int.MaxValue, out Frame frame, out _);
            Assert.True(PublishPacket.TryRead(in frame, ProtocolVersion.Mqtt50, PacketDirection.ToServer, out PublishPacket packet, out _));
            Assert.Equal(count, packet.Properties.UserPropertyCount);
            packet.Properties.CopyForwardable(pairs);
            TimeSpan taken = Environment.CpuUsage.TotalTime - start;
            best = taken < best ? taken : best;
        }

        return best;
    }
}
