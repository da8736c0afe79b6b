namespace Nightjar.Host.Verbs.Options;

/// <summary>The option file of a tool: $XDG_CONFIG_HOME/mosquitto_pub or $HOME/.config/mosquitto_pub, and so on; for ctrl with or without .conf.</summary>
/// <remarks>One option a line with its value after the first blank; lines that start with # are comments.</remarks>
internal static class ToolOptionFile
{
    internal static string? Find(ToolKind kind, Func<string, string?> environment)
    {
        string name = "mosquitto_" + kind.ToString().ToLowerInvariant();
        if (kind == ToolKind.Ctrl && OperatingSystem.IsWindows() && environment("USERPROFILE") is { Length: > 0 } profile)
            return Existing(Path.Combine(profile, name + ".conf"));
        string? directory = environment("XDG_CONFIG_HOME");
        if (string.IsNullOrEmpty(directory))
        {
            string? home = environment("HOME");
            if (string.IsNullOrEmpty(home)) return null;
            directory = Path.Combine(home, ".config");
        }

        // The manual says .conf, version 2.0 looks for the bare name.
        string? path = kind == ToolKind.Ctrl ? Existing(Path.Combine(directory, name + ".conf")) : null;
        return path ?? Existing(Path.Combine(directory, name));
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

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}
