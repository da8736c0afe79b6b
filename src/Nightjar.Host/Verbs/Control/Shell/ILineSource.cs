namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>Where the shell's lines come from.</summary>
internal interface ILineSource
{
    /// <summary>Reads a line.</summary>
    /// <param name="prompt">Shown before it.</param>
    /// <param name="completer">Completes what is typed; null where there is nothing to complete.</param>
    /// <returns>Null at the end of the input.</returns>
    string? ReadLine(string prompt, ICompleter? completer);

    /// <summary>Reads a line without showing it or remembering it.</summary>
    /// <returns>Null at the end of the input, or when the user wants no more of it.</returns>
    string? ReadSecret(string prompt);
}
