using System.Buffers;

namespace Nightjar.Testing.WireLiterals;

/// <summary>Hands the same bytes over in every shape in which a transport may deliver them.</summary>
public static class WirePermuter
{
    /// <summary>Value of the bytes around the wire bytes that nobody may look at.</summary>
    public const byte Guard = 0xEE;

    private const int GuardLength = 8;

    /// <summary>Every shape: contiguous; contiguous within guard bytes; split in two at every offset, empty parts included; a byte a
    /// segment; a byte a segment with empty segments between.</summary>
    /// <param name="wire">The bytes; the sequences hold exactly these.</param>
    public static IEnumerable<ReadOnlySequence<byte>> Shapes(byte[] wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        yield return new ReadOnlySequence<byte>(wire);
        yield return new ReadOnlySequence<byte>(Surround(wire).AsMemory(GuardLength, wire.Length));
        for (int split = 0; split <= wire.Length; split++) yield return Join(wire[..split], wire[split..]);
        yield return Join([.. wire.Select(b => new[] { b })]);
        yield return Join([.. wire.SelectMany(b => new[] { [], new[] { b } })]);
    }

    /// <summary>The bytes with guard bytes behind them, as a buffer that holds more than one packet.</summary>
    public static byte[] WithGuardBehind(byte[] wire)
    {
        ArgumentNullException.ThrowIfNull(wire);
        return Surround(wire)[GuardLength..];
    }

    /// <summary>A sequence of these segments; each one lies within guard bytes.</summary>
    public static ReadOnlySequence<byte> Join(params byte[][] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Length == 0) return ReadOnlySequence<byte>.Empty;

        var first = new Segment(parts[0]);
        Segment last = first;
        foreach (byte[] part in parts.Skip(1)) last = last.Append(part);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static byte[] Surround(byte[] wire)
    {
        byte[] surrounded = new byte[wire.Length + (2 * GuardLength)];
        surrounded.AsSpan().Fill(Guard);
        wire.CopyTo(surrounded, GuardLength);
        return surrounded;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes) => Memory = Surround(bytes).AsMemory(GuardLength, bytes.Length);

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
