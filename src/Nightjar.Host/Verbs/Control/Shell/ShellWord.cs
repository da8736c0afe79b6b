namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>A word of a line.</summary>
/// <param name="Text">What it says, without its quotes.</param>
/// <param name="Start">Where it begins, quote included.</param>
internal readonly record struct ShellWord(string Text, int Start)
{
    /// <summary>Takes a line apart at its blanks. A word in double quotes may have blanks in it.</summary>
    internal static List<ShellWord> Split(string line)
    {
        var words = new List<ShellWord>();
        int i = 0;
        while (true)
        {
            while (i < line.Length && line[i] is ' ' or '\t') i++;
            if (i == line.Length) return words;
            int start = i;
            int end = line[i] == '"' ? ClosingQuote(line, i) : -1;
            if (end >= 0)
            {
                words.Add(new ShellWord(line[(start + 1)..end], start));
                i = end + 1;
                continue;
            }

            while (i < line.Length && line[i] is not (' ' or '\t')) i++;
            words.Add(new ShellWord(line[start..i], start));
        }
    }

    /// <summary>Writes a word so that it is read as one.</summary>
    internal static string Quote(string text) => text.Contains(' ', StringComparison.Ordinal) || text.Length == 0 ? $"\"{text}\"" : text;

    // A quote that ends in the middle of a word, or never, is a character like others.
    private static int ClosingQuote(string line, int open)
    {
        int end = line.IndexOf('"', open + 1);
        return end > 0 && (end + 1 == line.Length || line[end + 1] is ' ' or '\t') ? end : -1;
    }
}
