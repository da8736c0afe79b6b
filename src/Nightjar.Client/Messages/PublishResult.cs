using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>How a publish ended.</summary>
public enum PublishOutcome : byte
{
    /// <summary>QoS 0: handed to the transport.</summary>
    Sent,

    /// <summary>QoS 1 or 2: acknowledged with a code below 0x80.</summary>
    Acknowledged,

    /// <summary>The server answered with a code of 0x80 or more.</summary>
    Refused,

    /// <summary>Not sent, because the server said in CONNACK that it takes no such message; the code is the one it would have sent.</summary>
    NotAllowed,

    /// <summary>Not sent, because there is no connection.</summary>
    NotConnected,

    /// <summary>The connection ended first. With a session that goes on the message is sent again on resume.</summary>
    ConnectionLost,

    /// <summary>The server no longer has the session [MQTT-3.2.2-5]; the message may or may not have been delivered.</summary>
    SessionLost,
}

/// <summary>Result of a publish.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ReasonCode">Reason code of the acknowledgement, or Success.</param>
/// <param name="ReasonString">Reason String of the acknowledgement, or null.</param>
public readonly record struct PublishResult(PublishOutcome Outcome, ReasonCode ReasonCode = ReasonCode.Success, string? ReasonString = null)
{
    /// <summary>Sent (QoS 0) or acknowledged without error.</summary>
    public bool IsSuccess => Outcome is PublishOutcome.Sent or PublishOutcome.Acknowledged;
}
