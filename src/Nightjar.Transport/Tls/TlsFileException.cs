namespace Nightjar.Transport.Tls;

/// <summary>What loading keys, certificates, revocation lists or cipher lists throws when they cannot be used.</summary>
public sealed class TlsFileException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="line">The line for the log, in Mosquitto's words where it has them.</param>
    /// <param name="reason">What is wrong and, where that is not obvious, what to do; null when the line says it all.</param>
    /// <param name="innerException">What was thrown below; null for nothing.</param>
    public TlsFileException(string line, string? reason = null, Exception? innerException = null)
        : base(reason is null ? line : $"{line} {reason}", innerException)
    {
        Line = line;
        Reason = reason;
    }

    /// <summary>The line without the reason, which log matchers look for.</summary>
    public string Line { get; }

    /// <summary>What is wrong; null when the line says it all.</summary>
    public string? Reason { get; }
}
