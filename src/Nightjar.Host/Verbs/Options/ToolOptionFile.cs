namespace Nightjar.Host.Verbs.Options;

/// <summary>The option file of a tool: $XDG_CONFIG_HOME/mosquitto_pub or $HOME/.config/mosquitto_pub, and so on.</summary>
/// <remarks>One option a line with its value after the first blank; lines that start with # are comments.</remarks>
internal static class ToolOptionFile
{
    internal static string? Find(ToolKind kind, Func<string, string?> environment)
    {
        string name = "mosquitto_" + kind.ToString().ToLowerInvariant();
        string? directory = environment("XDG_CONFIG_HOME");
        if (string.IsNullOrEmpty(directory))
        {
            string? home = environment("HOME");
            if (string.IsNullOrEmpty(home)) return null;
            directory = Path.Combine(home, ".config");
        }

        string path = Path.Combine(directory, name);
        return File.Exists(path) ? path : null;
    }

    /// <summary>Splits the lines into arguments, as if they had been given on the command line.</summary>
    internal static IEnumerable<string[]> Read(TextReader reader)
    {
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            string[] parts = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0) continue;
            bool isProperty = parts[0] is "-D" or "--property";
            yield return isProperty && parts.Length == 2 ? [parts[0], .. parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)] : parts;
        }
    }
}
