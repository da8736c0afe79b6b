namespace Nightjar.Protocol;

/// <summary>MQTT Control Packet type (§2.1.2): the upper four bits of the first byte.</summary>
public enum PacketType : byte
{
    /// <summary>Forbidden in every version.</summary>
    Reserved,

    /// <summary>Connection request, client to server.</summary>
    Connect,

    /// <summary>Connection acknowledgement, server to client.</summary>
    ConnAck,

    /// <summary>Application Message, both ways.</summary>
    Publish,

    /// <summary>QoS 1 acknowledgement.</summary>
    PubAck,

    /// <summary>QoS 2 delivery, part 1.</summary>
    PubRec,

    /// <summary>QoS 2 delivery, part 2.</summary>
    PubRel,

    /// <summary>QoS 2 delivery, part 3.</summary>
    PubComp,

    /// <summary>Subscribe request, client to server.</summary>
    Subscribe,

    /// <summary>Subscribe acknowledgement, server to client.</summary>
    SubAck,

    /// <summary>Unsubscribe request, client to server.</summary>
    Unsubscribe,

    /// <summary>Unsubscribe acknowledgement, server to client.</summary>
    UnsubAck,

    /// <summary>Ping request, client to server.</summary>
    PingReq,

    /// <summary>Ping response, server to client.</summary>
    PingResp,

    /// <summary>End of the connection; server to client only in 5.0.</summary>
    Disconnect,

    /// <summary>Authentication exchange; 5.0 only, forbidden before.</summary>
    Auth,
}
