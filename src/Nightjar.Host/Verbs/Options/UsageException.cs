namespace Nightjar.Host.Verbs.Options;

/// <summary>The command line (or option file) asks for something that cannot be.</summary>
internal sealed class UsageException : Exception
{
    /// <summary>Makes it with a message of one or more whole lines, and says whether the hint to --help follows.</summary>
    internal UsageException(string message, bool hint = true)
        : base(message) => HasHint = hint;

    /// <summary>Whether the text of --help goes to the standard output as well.</summary>
    internal bool ShowsUsage { get; init; }

    /// <summary>Whether the hint to --help follows the message.</summary>
    internal bool HasHint { get; }
}
