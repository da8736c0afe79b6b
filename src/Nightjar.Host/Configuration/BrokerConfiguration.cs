using System.Text;
using Nightjar.Broker.Configuration;

namespace Nightjar.Host.Configuration;

/// <summary>A configuration file that was read: options, or everything that is wrong with it.</summary>
internal sealed class BrokerConfiguration
{
    private BrokerConfiguration(BrokerOptions options, bool? allowAnonymous, bool noDelay, IReadOnlyList<string> errors)
    {
        Options = options;
        AllowAnonymous = allowAnonymous;
        NoDelay = noDelay;
        Errors = errors;
    }

    internal BrokerOptions Options { get; }

    /// <summary>What the file says; null when it says nothing.</summary>
    internal bool? AllowAnonymous { get; }

    internal bool NoDelay { get; }

    /// <summary>Two lines for each error, in Mosquitto's words: what, and where.</summary>
    internal IReadOnlyList<string> Errors { get; }

    /// <summary>Reads a file in the grammar of mosquitto.conf; null is an empty one. Every error is found, not only the first.</summary>
    internal static BrokerConfiguration Load(string? path)
    {
        if (path is null) return Parse([], "");
        try
        {
            return Parse(File.ReadAllLines(path, new UTF8Encoding(false, throwOnInvalidBytes: true)), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            var reason = exception is DecoderFallbackException ? "it is not UTF-8" : exception.Message;
            return new BrokerConfiguration(new BrokerOptions(), null, false, [$"Error: Unable to open config file {path}: {reason}"]);
        }
    }

    internal static BrokerConfiguration Parse(IReadOnlyList<string> lines, string path)
    {
        var draft = new ConfigurationDraft();
        var errors = new List<string>();
        for (var i = 0; i < lines.Count; i++)
        {
            if (ApplyLine(draft, lines[i]) is not { } error) continue;
            errors.Add(error);
            errors.Add($"Error found at {path}:{i + 1}.");
        }

        var listeners = draft.Listeners.SelectMany(sockets => sockets).Select(listener => listener with { NoDelay = draft.NoDelay }).ToList();
        var options = draft.Options with { Listeners = listeners, AllowAnonymous = draft.AllowAnonymous ?? false };
        if (errors.Count == 0) errors.AddRange(options.Validate().Select(text => $"Error: {text}"));
        return new BrokerConfiguration(options, draft.AllowAnonymous, draft.NoDelay, errors);
    }

    // name SPACE value; # begins a comment only as the first character.
    private static string? ApplyLine(ConfigurationDraft draft, string line)
    {
        var text = line.Trim();
        if (text.Length == 0 || line[0] == '#') return null;
        var space = text.IndexOfAny([' ', '\t']);
        var name = space < 0 ? text : text[..space];
        if (!ConfigurationTable.Options.TryGetValue(name, out var option)) return $"Error: Unknown configuration variable '{name}'.";
        var value = space < 0 ? "" : text[space..].Trim();
        return value.Length == 0 ? $"Error: Empty '{name}' value in configuration." : option.Apply(draft, value);
    }
}
