namespace Nightjar.Protocol;

/// <summary>Connect Return code of MQTT 3.1 and 3.1.1 (§3.2.2.3 of 3.1.1).</summary>
public enum ConnectReturnCode : byte
{
    /// <summary>Connection accepted.</summary>
    Accepted,

    /// <summary>The server does not support the requested protocol level.</summary>
    UnacceptableProtocolVersion,

    /// <summary>The client identifier is correct UTF-8 but not allowed.</summary>
    IdentifierRejected,

    /// <summary>The MQTT service is unavailable.</summary>
    ServerUnavailable,

    /// <summary>The data in the user name or password is malformed.</summary>
    BadUserNameOrPassword,

    /// <summary>The client is not authorised to connect.</summary>
    NotAuthorized,
}
