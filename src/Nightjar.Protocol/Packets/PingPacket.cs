namespace Nightjar.Protocol;

/// <summary>PINGREQ and PINGRESP (§3.12, §3.13): a fixed header and nothing else.</summary>
public static class PingPacket
{
    /// <summary>Judges a frame of type PINGREQ or PINGRESP.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="error">0x81 when flags are set or anything follows the fixed header.</param>
    /// <returns>Whether the packet is valid.</returns>
    public static bool TryRead(in Frame frame, out ProtocolError error)
    {
        var reader = new BodyReader(in frame);
        PacketType type = frame.Type == PacketType.PingResp ? PacketType.PingResp : PacketType.PingReq;
        bool valid = reader.TryCheckHeader(in frame, type, 0, Rule.ReservedFlags) && reader.TryEnd();
        error = reader.Error;
        return valid;
    }
}
