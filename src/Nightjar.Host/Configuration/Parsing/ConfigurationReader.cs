using System.Text;
using Nightjar.Host.Configuration.Options;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Transport.Files;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>
/// Reads files in the grammar of mosquitto.conf into a draft: one option a line, <c>name SPACE value</c>, # only as the first character begins a
/// comment. Every error is found, not only the first.
/// </summary>
/// <param name="draft">Takes what is read.</param>
/// <param name="errors">Takes what is wrong, in Mosquitto's words, each followed by where.</param>
/// <param name="variable">Value of an environment variable, or null.</param>
internal sealed class ConfigurationReader(ConfigurationDraft draft, List<string> errors, Func<string, string?> variable)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads one file; a directory, or one that cannot be opened, is an error.</summary>
    internal void ReadFile(string path, bool isMain)
    {
        if (Directory.Exists(path))
        {
            errors.Add($"Error: Config file '{path}' is a directory.");
            return;
        }

        byte[] bytes;
        try
        {
            // The usual way to say "no configuration file" where a file has to be named.
            bytes = path == "/dev/null" ? [] : RegularFile.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            errors.Add($"Error: Unable to open config file '{path}': {exception.Message}");
            return;
        }

        Read(bytes, path, isMain);
    }

    /// <summary>Reads the bytes of one file.</summary>
    internal void Read(ReadOnlySpan<byte> bytes, string path, bool isMain)
    {
        var before = draft.BeginFile();
        if (bytes.StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[3..];
        for (var line = 1; !bytes.IsEmpty; line++)
        {
            var end = bytes.IndexOf((byte)'\n');
            var content = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            var place = new SourcePlace(path, line);
            if (ReadLine(content, place, isMain) is not { } error) continue;
            errors.Add(error);
            errors.Add($"Error found at {place}.");
        }

        draft.EndFile(before);
    }

    // Only lines with an option have to be UTF-8: comments in other encodings are common.
    private string? ReadLine(ReadOnlySpan<byte> content, SourcePlace place, bool isMain)
    {
        content = content.TrimEnd("\r"u8);
        if (content.IsEmpty || content[0] == '#') return null;
        string text;
        try
        {
            text = Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return "Error: Malformed UTF-8 in configuration.";
        }

        if (string.IsNullOrWhiteSpace(text)) return null;
        text = text.TrimStart(' ');
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var name = space < 0 ? text : text[..space];
        if (OptionTable.Find(name) is not { } option) return $"Error: Unknown configuration variable '{Shown(name)}'.";
        var error = Apply(option, name, space < 0 ? "" : text[(space + 1)..].Trim(), place, isMain);
        if (error is not null) draft.Fail(option);
        return error;
    }

    private string? Apply(ConfigurationOption option, string name, string value, SourcePlace place, bool isMain)
    {
        if (EnvironmentText.Expand(ref value, variable) is { } missing) return $"Error: Environment variable '{missing}' for '{name}' is not set.";
        value = value.Trim();
        if (CheckScope(option, name, place) is { } misplaced) return misplaced;
        if (option.Deprecation is not null)
            draft.Note(LogTypes.Notice, $"The '{name}' option is now deprecated and will be removed in version 3.0. {option.Deprecation}".TrimEnd(), place);
        if (value.Length == 0 && !option.MayBeEmpty) return $"Error: Empty '{name}' value in configuration.";
        if (option.Repetition == OptionRepetition.IsAnError && draft.WasGiven(option)) return $"Error: Duplicate '{name}' value in configuration.";
        if (option.IsSecret && SecretFile.Read(name, ref value) is { } unreadable) return unreadable;
        var line = new OptionLine(name, value, place);
        if (option.Name == "include_dir") return Include(line, isMain);
        if (option.Apply(draft, line) is { } error) return error;
        Note(option, line);
        draft.Remember(option, line.Words.Length == 0 ? "" : OptionValue.Canonical(option.Kind, line));
        return null;
    }

    private string? CheckScope(ConfigurationOption option, string name, SourcePlace place)
    {
        switch (option.Scope)
        {
            case OptionScope.Listener when !draft.HasListener:
            case OptionScope.NamedListener when !draft.HasNamedListener:
            case OptionScope.PerListener when draft.PerListenerSettings && !draft.HasListener:
                return $"Error: The '{name}' option requires a listener to be defined first.";
            case OptionScope.Bridge when !draft.HasBridge:
                return $"Error: The '{name}' option requires a bridge to be defined first.";
            case OptionScope.Plugin when !draft.HasPlugin:
                return $"Error: The '{name}' option requires plugin/global_plugin/plugin_load to be defined first.";
            case OptionScope.ListenerOrDefault when !draft.HasListener:
                NoteDefaultListener(name, place);
                draft.UseDefaultListener(place);
                return null;
            case OptionScope.General when name is "port" or "bind_address":
                NoteDefaultListener(name, place);
                return null;
            default:
                return null;
        }
    }

    private void NoteDefaultListener(string name, SourcePlace place)
    {
        if (draft.HasDefaultListener) return;
        draft.Note(LogTypes.Information, $"Creating default listener due to '{name}' option.", place);
        draft.Note(LogTypes.Information, $"It is best practice to define a 'listener' first. Using the '{name}' option without a listener will be disabled in the future.", place);
    }

    private void Note(ConfigurationOption option, OptionLine line)
    {
        if (option.Name is "allow_anonymous" && draft.PerListenerSettings)
            draft.Note(LogTypes.Notice, "You are using the 'allow_anonymous' option with 'per_listener_settings true'. Please replace this with 'listener_allow_anonymous'.", line.Place);
        if (option.Name is "message_size_limit")
            draft.Note(LogTypes.Notice, "Note: It is recommended to replace `message_size_limit` with `max_packet_size`.", line.Place);
        if (option.Kind is not (OptionKind.Boolean or OptionKind.Integer or OptionKind.Choice) || line.Words.Length < 2 || line.Words[1][0] == '#') return;
        draft.Note(LogTypes.Warning, $"Warning: Only the first word of '{line.Name}' is used: '{line.Words[0]}' ({line.Place}).", line.Place);
    }

    // Files are read in the order 00 01 A a B b: without case first, upper case first among equals.
    private string? Include(OptionLine line, bool isMain)
    {
        if (!isMain) return "Error: The include_dir option is only valid in the main configuration file.";
        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(line.Value).Where(file => file.EndsWith(".conf", StringComparison.Ordinal))
                .OrderBy(file => file, StringComparer.OrdinalIgnoreCase).ThenBy(file => file, StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"Error: Unable to open include_dir '{line.Value}'.";
        }

        foreach (var file in files)
        {
            draft.Note(LogTypes.Information, $"Loading config file '{file}'", line.Place);
            ReadFile(file, isMain: false);
        }

        return null;
    }

    private static string Shown(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
