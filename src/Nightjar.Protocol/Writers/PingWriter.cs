namespace Nightjar.Protocol;

/// <summary>Encodes PINGREQ and PINGRESP (§3.12, §3.13). No allocation.</summary>
public static class PingWriter
{
    /// <summary>Bytes of either packet.</summary>
    public const int Length = 2;

    /// <summary>Encodes PINGREQ.</summary>
    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteRequest(Span<byte> destination) => FieldWriter.WriteHeader(destination, PacketType.PingReq, 0);

    /// <summary>Encodes PINGRESP.</summary>
    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteResponse(Span<byte> destination) => FieldWriter.WriteHeader(destination, PacketType.PingResp, 0);
}
