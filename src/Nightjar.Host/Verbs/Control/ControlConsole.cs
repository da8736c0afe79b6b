using Nightjar.Host.Verbs.Control.Shell;

namespace Nightjar.Host.Verbs.Control;

/// <summary>Where ctrl reads and writes.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Text">The same, for text; writes through at once.</param>
/// <param name="Errors">Standard error.</param>
/// <param name="Ask">Writes a prompt, reads an answer and does not show it; null at the end of the input.</param>
/// <param name="OpenLines">Where the shell's lines come from.</param>
internal sealed record ControlConsole(Stream Output, TextWriter Text, TextWriter Errors, Func<string, TextWriter, string?> Ask, Func<ILineSource> OpenLines)
{
    /// <summary>Asks for a password.</summary>
    internal string? AskPassword(string prompt) => Ask(prompt, Text);
}
