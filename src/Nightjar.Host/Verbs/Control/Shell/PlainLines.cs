namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>Lines from a file or a pipe. They are written after their prompts, so that the output reads like what stands on a screen.</summary>
/// <param name="input">The lines.</param>
/// <param name="output">Gets the prompts.</param>
/// <param name="askSecret">Writes a prompt and reads a line that is not shown.</param>
/// <param name="echoes">Whether lines are written; a terminal does that itself.</param>
internal sealed class PlainLines(TextReader input, TextWriter output, Func<string, string?> askSecret, bool echoes) : ILineSource
{
    public string? ReadLine(string prompt, ICompleter? completer)
    {
        output.Write(prompt);
        output.Flush();
        string? line = input.ReadLine();
        // The prompt is not left without an end.
        if (line is null || echoes) output.WriteLine(line);
        return line;
    }

    public string? ReadSecret(string prompt) => askSecret(prompt);
}
