using Nightjar.Testing.WireLiterals;
using Xunit;

namespace Nightjar.Protocol.Tests.Fuzzing;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public void AnyPacket_ReadAndWrittenAgain_IsTheSame(ProtocolVersion version)
    {
        int seed = FuzzSeed.Next();
        var packets = new RandomPackets(new Random(seed));
        byte[] copy = new byte[256 * 1024];
        for (int i = 0; i < 10_000; i++)
        {
            byte[] wire = packets.Next(version);
            Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(wire, int.MaxValue, out Frame frame, out _));
            int length = PacketCopier.Copy(in frame, version, copy, out ProtocolError error);
            Assert.True(length == wire.Length && copy.AsSpan(0, length).SequenceEqual(wire), Describe(seed, i, version, wire, error));
        }
    }

    [Fact]
    public void ManyPackets_InOneStreamOfAnyChunks_CutApart()
    {
        int seed = FuzzSeed.Next();
        var random = new Random(seed);
        var packets = new RandomPackets(random);
        byte[][] wires = [.. Enumerable.Range(0, 500).Select(_ => packets.Next(ProtocolVersion.Mqtt50))];
        byte[] stream = [.. wires.SelectMany(w => w)];
        List<byte[]> chunks = [];
        for (int at = 0; at < stream.Length;)
        {
            int take = Math.Min(random.Next(1, 3000), stream.Length - at);
            chunks.Add(stream[at..(at + take)]);
            at += take;
        }

        System.Buffers.ReadOnlySequence<byte> rest = WirePermuter.Join([.. chunks]);
        foreach (byte[] wire in wires)
        {
            Assert.Equal(ReadStatus.Complete, FrameReader.TryMeasure(in rest, int.MaxValue, out int length, out _));
            Assert.True(length == wire.Length, $"seed {seed}");
            rest = rest.Slice(length);
        }

        Assert.Equal(ReadStatus.NeedMoreData, FrameReader.TryMeasure(in rest, int.MaxValue, out _, out _));
    }

    private static string Describe(int seed, int i, ProtocolVersion version, byte[] wire, ProtocolError error) =>
        $"seed {seed}, packet {i}, {version}: {error}: {Convert.ToHexString(wire.AsSpan(0, Math.Min(wire.Length, 500)))}";
}
