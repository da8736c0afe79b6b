namespace Nightjar.Broker.Security;

/// <summary>A password, access or key file cannot be used. Nothing of it is in force.</summary>
public sealed class SecurityFileException : Exception
{
    /// <summary>Makes one from everything that is wrong with the file.</summary>
    /// <param name="errors">One line each, in Mosquitto's words where it has them (<c>Error: ...</c>), naming file, line and what to do.</param>
    public SecurityFileException(IReadOnlyList<string> errors)
        : base(string.Join(Environment.NewLine, errors)) => Errors = errors;

    /// <summary>Makes one with a single line.</summary>
    public SecurityFileException(string error)
        : this([error])
    {
    }

    /// <summary>The lines of the message.</summary>
    public IReadOnlyList<string> Errors { get; }
}
