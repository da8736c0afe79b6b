namespace Nightjar.Host.Verbs.Control;

/// <summary>What became of a request.</summary>
internal enum ControlOutcome : byte
{
    /// <summary>The broker answered, be it with an error.</summary>
    Answered,

    /// <summary>The broker has no such module.</summary>
    EndpointUnavailable,

    /// <summary>The user may not receive the responses.</summary>
    SubscribeRefused,

    /// <summary>The user may not send requests.</summary>
    PublishRefused,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>The connection ended first.</summary>
    ConnectionLost,

    /// <summary>What came is not a response.</summary>
    Invalid,
}
