namespace Nightjar.Protocol;

/// <summary>One undecoded MQTT Control Packet: the first byte of the fixed header, and everything after the Remaining Length.</summary>
public readonly ref struct Frame
{
    /// <summary>Makes the view.</summary>
    /// <param name="header">First byte of the fixed header.</param>
    /// <param name="body">Variable header and payload.</param>
    /// <param name="length">Bytes of the whole packet, fixed header included.</param>
    public Frame(byte header, ReadOnlySpan<byte> body, int length)
    {
        Body = body;
        Length = length;
        Header = header;
    }

    /// <summary>First byte of the fixed header: type and flags.</summary>
    public byte Header { get; }

    /// <summary>Control Packet type.</summary>
    public PacketType Type => (PacketType)(Header >> 4);

    /// <summary>The four flag bits.</summary>
    public byte Flags => (byte)(Header & 0x0F);

    /// <summary>Variable header and payload.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Bytes of the whole packet, fixed header included.</summary>
    public int Length { get; }

    /// <summary>Bytes of the fixed header.</summary>
    internal int BodyOffset => Length - Body.Length;
}
