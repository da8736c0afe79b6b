namespace Nightjar.Transport.OpenSsl.Keys;

/// <summary>A file of pre-shared keys cannot be used. Nothing of it is in force.</summary>
public sealed class PskFileException : Exception
{
    /// <summary>Makes one from everything that is wrong with the file.</summary>
    /// <param name="errors">One line each, in Mosquitto's words where it has them (<c>Error: ...</c>), naming file, line and what to do.</param>
    public PskFileException(IReadOnlyList<string> errors)
        : base(string.Join(Environment.NewLine, errors)) => Errors = errors;

    /// <summary>The lines of the message.</summary>
    public IReadOnlyList<string> Errors { get; }
}
