namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>A terminal that understands the usual escape sequences.</summary>
internal interface ITerminal
{
    /// <summary>Cells in a row.</summary>
    int Width { get; }

    /// <summary>Waits for a key, which is not shown.</summary>
    /// <returns>Null when the terminal is gone.</returns>
    ConsoleKeyInfo? ReadKey();

    /// <summary>Writes text and escape sequences, at once.</summary>
    void Write(string text);
}
