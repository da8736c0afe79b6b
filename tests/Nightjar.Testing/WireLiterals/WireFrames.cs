using System.Buffers;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Testing.WireLiterals;

/// <summary>Runs one packet of the wire through the frame reader in every shape.</summary>
public static class WireFrames
{
    /// <summary>Reads a literal that is exactly one packet and gives its frame to an action once for every shape of the bytes.</summary>
    /// <param name="literal">See <see cref="WireLiteral"/>.</param>
    /// <param name="action">Asserts; must come to the same result each time.</param>
    public static void Run(string literal, FrameAction action) => Run(WireLiteral.Parse(literal), action);

    /// <summary>Reads exactly one packet and gives its frame to an action once for every shape of the bytes.</summary>
    public static void Run(byte[] wire, FrameAction action)
    {
        ArgumentNullException.ThrowIfNull(wire);
        ArgumentNullException.ThrowIfNull(action);
        foreach (ReadOnlySequence<byte> shape in WirePermuter.Shapes(wire)) RunShape(shape, action);

        Assert.Equal(
            ReadStatus.Complete, FrameReader.TryRead(WirePermuter.WithGuardBehind(wire), int.MaxValue, out Frame guarded, out _));
        Assert.Equal(wire.Length, guarded.Length);
        action(in guarded);
    }

    private static void RunShape(ReadOnlySequence<byte> shape, FrameAction action)
    {
        ReadStatus measured = FrameReader.TryMeasure(in shape, int.MaxValue, out int length, out ProtocolError error);
        Assert.True(measured == ReadStatus.Complete, error.ToString());
        Assert.Equal(shape.Length, length);

        byte[] scratch = shape.ToArray();
        ReadStatus read = FrameReader.TryRead(scratch, int.MaxValue, out Frame frame, out error);
        Assert.True(read == ReadStatus.Complete, error.ToString());
        Assert.Equal(length, frame.Length);
        action(in frame);
    }
}
