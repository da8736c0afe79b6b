using System.Collections.Immutable;
using System.Text;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Protocol;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Lines of a bridge that have a grammar of their own.</summary>
internal static class BridgeLines
{
    private const string EmptyWord = "\"\"";

    /// <summary>HOST, HOST:PORT, IPV6:PORT or a path, each a word; a word that begins with # ends the list.</summary>
    internal static (BridgeSection? Section, string? Error) Addresses(BridgeSection bridge, OptionLine line)
    {
        if (bridge.Addresses.Length > 0) return (null, "Error: Invalid bridge configuration, 'address' only allowed once.");
        var addresses = ImmutableArray.CreateBuilder<BridgeAddress>();
        foreach (var word in line.Words.TakeWhile(word => word[0] != '#'))
        {
            if (word[0] == '/')
            {
                addresses.Add(new BridgeAddress(word, 0));
                continue;
            }

            // The last colon is the port's: an IPv6 address needs one.
            var colon = word.LastIndexOf(':');
            var port = colon < 0 ? 1883 : OptionValue.LeadingInteger(word[(colon + 1)..]);
            if (port is < 1 or > 65_535) return (null, $"Error: Invalid bridge port value ({port}).");
            var host = (colon < 0 ? word : word[..colon]).Trim('[', ']');
            if (host.Length == 0) return (null, $"Error: Invalid bridge address '{word}'.");
            addresses.Add(new BridgeAddress(host, port));
        }

        return addresses.Count == 0 ? (null, "Error: Empty address value in configuration.") : (bridge with { Addresses = addresses.ToImmutable() }, null);
    }

    /// <summary>PATTERN [[out|in|both] QOS] [LOCAL REMOTE]; PATTERN may stand in quotes, and "" is an empty one.</summary>
    internal static (BridgeSection? Section, string? Error) Topic(BridgeSection bridge, OptionLine line)
    {
        var rest = line.Value;
        if (!TryPattern(ref rest, out var pattern)) return (null, $"Error: Missing closing quote in topic value ({rest}).");
        var words = rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var direction = BridgeDirection.Out;
        if (words.Length > 0 && !Enum.TryParse(words[0], ignoreCase: true, out direction) | (words.Length > 0 && char.IsAsciiDigit(words[0][0])))
            return (null, $"Error: Invalid bridge topic direction '{words[0]}'.");
        // A comment is tolerated after the direction, and Mosquitto reads its number as the QoS: 0.
        words = [.. words.Skip(1).TakeWhile(word => word[0] != '#')];
        var qos = words.Length > 0 ? OptionValue.LeadingInteger(words[0]) : 0;
        if (qos is < 0 or > 2) return (null, $"Error: Invalid bridge QoS level '{words[0]}'.");
        var local = Prefix(words, 1);
        var remote = Prefix(words, 2);
        return Check(pattern, local, remote) is { } error
            ? (null, error)
            : (Add(bridge, new BridgeTopic(pattern, direction, qos, local, remote)), null);
    }

    /// <summary>BASE [CAP [STABLE]], in seconds.</summary>
    internal static string? RestartTimeout(ConfigurationDraft draft, OptionLine line)
    {
        var words = line.Words;
        var first = OptionValue.LeadingInteger(words[0]);
        if (first < 1) draft.Note(LogTypes.Notice, "restart_timeout interval too low, using 1 second.", line.Place);
        else if (first > 3600) draft.Note(LogTypes.Notice, "restart_timeout interval too high, using 3600 seconds.", line.Place);
        first = Math.Clamp(first, 1, 3600);
        int? cap = words.Length > 1 ? OptionValue.LeadingInteger(words[1]) : null;
        if (cap < first) return "Error: backoff cap is lower than the base in restart_timeout.";
        if (cap > 7200) draft.Note(LogTypes.Notice, "backoff cap too high, using 7200 seconds.", line.Place);
        var stable = words.Length > 2 ? OptionValue.LeadingInteger(words[2]) : 0;
        if (stable < 0) return "Error: stable connection period cannot be negative.";
        TimeSpan? longest = cap is null ? null : TimeSpan.FromSeconds(Math.Min(cap.Value, 7200));
        draft.ChangeBridge(bridge => bridge with { RestartTimeout = new BridgeRestartTimeout(TimeSpan.FromSeconds(first), longest, TimeSpan.FromSeconds(stable)) });
        return null;
    }

    /// <summary>IDLE INTERVAL COUNT, each above 0.</summary>
    internal static (BridgeSection? Section, string? Error) TcpKeepAlive(BridgeSection bridge, OptionLine line)
    {
        string[] names = ["idle", "interval", "counter"];
        var values = new int[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            if (line.Words.Length <= i) return (null, $"Error: Empty 'bridge_tcp_keepalive_{names[i]}' value in configuration.");
            if (!OptionValue.TryInteger(line.Words[i], out var value)) return (null, $"Error: 'bridge_tcp_keepalive_{names[i]}' value not a number.");
            if (value > int.MaxValue) return (null, $"Error: 'bridge_tcp_keepalive_{names[i]}' value out of range.");
            if (value < 1) return (null, $"Error: invalid TCP keepalive {names[i]} value.");
            values[i] = (int)value;
        }

        return (bridge with { TcpKeepAlive = new BridgeTcpKeepAlive(values[0], values[1], values[2]) }, null);
    }

    private static bool TryPattern(ref string rest, out string pattern)
    {
        if (rest.StartsWith('"') && !rest.StartsWith(EmptyWord, StringComparison.Ordinal))
        {
            var close = rest.IndexOf('"', 1);
            pattern = close < 0 ? "" : rest[1..close];
            if (close >= 0) rest = rest[(close + 1)..];
            return close >= 0;
        }

        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        pattern = space < 0 ? rest : rest[..space];
        rest = space < 0 ? "" : rest[space..];
        if (pattern == EmptyWord) pattern = "";
        return true;
    }

    private static string Prefix(string[] words, int index) => words.Length <= index || words[index] == EmptyWord ? "" : words[index];

    private static string? Check(string pattern, string local, string remote)
    {
        if (local.Length > 0 && !IsName(local)) return $"Error: Invalid bridge topic local prefix '{local}'.";
        if (remote.Length > 0 && !IsName(remote)) return $"Error: Invalid bridge topic remote prefix '{remote}'.";
        if (pattern.Length == 0) return local.Length == 0 || remote.Length == 0 ? "Error: Invalid bridge remapping." : null;
        if (!IsFilter(local + pattern)) return $"Error: Invalid bridge topic local prefix and pattern combination '{local + pattern}'.";
        return IsFilter(remote + pattern) ? null : $"Error: Invalid bridge topic remote prefix and pattern combination '{remote + pattern}'.";
    }

    private static bool IsName(string text) => OptionValue.IsProperText(text) && TopicName.IsValid(Encoding.UTF8.GetBytes(text));

    private static bool IsFilter(string text) => OptionValue.IsProperText(text) && TopicFilter.IsValid(Encoding.UTF8.GetBytes(text));

    // The same line twice is one topic, as Mosquitto has it.
    private static BridgeSection Add(BridgeSection bridge, BridgeTopic topic) =>
        bridge.Topics.Contains(topic) ? bridge : bridge with { Topics = bridge.Topics.Add(topic) };
}
