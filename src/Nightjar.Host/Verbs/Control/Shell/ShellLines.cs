using Nightjar.Host.Verbs.Passwords;

namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>Chooses where the shell's lines come from.</summary>
internal static class ShellLines
{
    /// <summary>A line editor at a terminal, plain lines otherwise.</summary>
    /// <param name="output">Standard output.</param>
    internal static ILineSource Open(TextWriter output)
    {
        bool isTerminal = !Console.IsInputRedirected && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        return isTerminal
            ? new LineEditor(new SystemTerminal(output))
            : new PlainLines(Console.In, output, prompt => PasswordPrompt.Ask(prompt, output), echoes: Console.IsInputRedirected);
    }
}
