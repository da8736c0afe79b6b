namespace Nightjar.Broker.Security.Passwords;

/// <summary>What came of a password that was to be verified.</summary>
internal enum HashOutcome
{
    /// <summary>It is the password.</summary>
    Match,

    /// <summary>It is not.</summary>
    Mismatch,

    /// <summary>Too many are waiting, or it waited too long.</summary>
    Busy,

    /// <summary>The platform cannot compute it here and now.</summary>
    Failed,

    /// <summary>Nobody waits for it any more.</summary>
    Abandoned,
}
