namespace Nightjar.Protocol;

/// <summary>Which peer sent a packet, where the rules differ.</summary>
public enum PacketDirection : byte
{
    /// <summary>Sent by a client, read by a server.</summary>
    ToServer,

    /// <summary>Sent by a server, read by a client.</summary>
    ToClient,
}
