using System.Net;
using System.Text;
using Nightjar.Broker.Security;

namespace Nightjar.Broker.Tests.Security.AccessLists;

/// <summary>
/// The rules of spec/mosquitto.md 1.3 (and of our address lines) written down line by line, with strings, lists and no thought of cost: what
/// the compiled program is held against. It shares no code with it.
/// </summary>
internal sealed class ReferenceAccess : IAuthorizer
{
    private readonly List<Line> _lines = [];

    internal ReferenceAccess(IEnumerable<string> text)
    {
        string? user = null;
        string? address = null;
        foreach (var raw in text)
        {
            if (raw.StartsWith('#')) continue;
            var line = raw.Trim(' ', '\t', '\r');
            if (line.Length == 0) continue;
            var words = line.Split(' ', 2);
            var rest = words.Length > 1 ? words[1].TrimStart(' ') : "";
            if (words[0] == "user")
            {
                user = rest;
                address = null;
            }
            else if (words[0] == "address")
            {
                address = rest == "any" ? null : rest;
            }
            else
            {
                var parts = rest.Split(' ', 2);
                var access = parts.Length == 2 ? parts[0] : "readwrite";
                var topic = parts.Length == 2 ? parts[1].TrimStart(' ') : rest;
                _lines.Add(new Line(words[0] == "pattern", words[0] == "pattern" ? null : user, access, topic, address));
            }
        }
    }

    public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        var name = Encoding.UTF8.GetString(topic);
        return action switch
        {
            AccessAction.Read => Decide(identity, "read", name),
            AccessAction.Write => Decide(identity, "write", name),
            AccessAction.Subscribe => CanEverRead(identity, name),
            _ => true,
        };
    }

    /// <summary>Whether an identity may read or write a topic name.</summary>
    internal bool Decide(Identity identity, string action, string topic)
    {
        // Row 4: the lines of the user, or those before any user line for a client without one.
        var own = _lines.Where(line => !line.IsPattern && line.User == identity.UserName).ToList();
        if (FirstMatch(own, identity, action, topic) is { } decided) return decided;

        var patterns = _lines.Where(line => line.IsPattern).ToList();
        if (patterns.Count == 0) return false;
        // Row 7.
        if (IsDangerous(identity.ClientId) || (identity.UserName is not null && IsDangerous(identity.UserName))) return false;
        return FirstMatch(patterns, identity, action, topic) ?? false;
    }

    /// <summary>Whether a grant to read has something in common with a filter that no single denial in front of it takes back.</summary>
    internal bool CanEverRead(Identity identity, string filter)
    {
        var own = Held(_lines.Where(line => !line.IsPattern && line.User == identity.UserName), identity);
        if (CanEverRead(own, own, filter)) return true;
        var patterns = Held(_lines.Where(line => line.IsPattern), identity);
        var dangerous = IsDangerous(identity.ClientId) || (identity.UserName is not null && IsDangerous(identity.UserName));
        return !dangerous && CanEverRead(patterns, [.. own, .. patterns], filter);
    }

    private static bool CanEverRead(List<(string Access, string Topic)> grants, List<(string Access, string Topic)> denials, string filter)
    {
        foreach (var (access, topic) in grants)
        {
            if (access is not ("read" or "readwrite") || Common(topic.Split('/'), filter.Split('/')) is not { } common) continue;
            // No topic name is empty.
            if (common is [""]) continue;
            if (!denials.Any(denial => denial.Access == "deny" && Covers(denial.Topic.Split('/'), common))) return true;
        }

        return false;
    }

    // The lines that hold for an identity, its names put in; a name that is no single level makes a line that matches nothing.
    private static List<(string Access, string Topic)> Held(IEnumerable<Line> lines, Identity identity)
    {
        var held = new List<(string, string)>();
        foreach (var line in lines)
        {
            if (!HoldsFor(line, identity)) continue;
            var levels = line.Topic.Split('/');
            if (!line.IsPattern)
            {
                held.Add((line.Access, line.Topic));
                continue;
            }

            if (levels.Contains("%u") && (identity.UserName is null || identity.UserName.Contains('/', StringComparison.Ordinal))) continue;
            if (levels.Contains("%c") && identity.ClientId.Contains('/', StringComparison.Ordinal)) continue;
            var put = levels.Select(level => level == "%c" ? identity.ClientId : level == "%u" ? identity.UserName : level).ToArray();
            // The line does not begin with $, so nothing that does is meant.
            if (put[0]!.StartsWith('$') && !line.Topic.StartsWith('$')) continue;
            held.Add((line.Access, string.Join('/', put)));
        }

        return held;
    }

    // What two filters have in common, as a filter; null for nothing.
    private static string[]? Common(string[] one, string[] other)
    {
        if (one[0].StartsWith('$') != other[0].StartsWith('$')) return null;
        var common = new List<string>();
        for (var i = 0; ; i++)
        {
            if (i < one.Length && one[i] == "#") return [.. common, .. other.Skip(i)];
            if (i < other.Length && other[i] == "#") return [.. common, .. one.Skip(i)];
            if (i == one.Length || i == other.Length) return i == one.Length && i == other.Length ? [.. common] : null;
            if (one[i] == "+") common.Add(other[i]);
            else if (other[i] == "+" || other[i] == one[i]) common.Add(one[i]);
            else return null;
        }
    }

    private static bool Covers(string[] wide, string[] narrow)
    {
        if (wide[0].StartsWith('$') != narrow[0].StartsWith('$')) return false;
        for (var i = 0; ; i++)
        {
            if (i < wide.Length && wide[i] == "#") return true;
            if (i == wide.Length || i == narrow.Length) return i == wide.Length && i == narrow.Length;
            if (wide[i] == "+" ? narrow[i] == "#" : wide[i] != narrow[i]) return false;
        }
    }

    // Rows 5 and 6: denials stand in front; the first line that matches and speaks of the action decides.
    private static bool? FirstMatch(List<Line> list, Identity identity, string action, string topic)
    {
        foreach (var line in list.Where(line => line.Access == "deny").Concat(list.Where(line => line.Access != "deny")))
        {
            if (!HoldsFor(line, identity) || !Matches(line, identity, topic)) continue;
            if (line.Access == "deny") return false;
            if (line.Access == "readwrite" || line.Access == action) return true;
        }

        return null;
    }

    private static bool HoldsFor(Line line, Identity identity)
    {
        if (line.Address is null) return true;
        if (identity.Address is null) return line.Access == "deny";
        if (identity.Address is not IPEndPoint { Address: var address }) return false;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var text = line.Address.Contains('/', StringComparison.Ordinal) ? line.Address : line.Address + (line.Address.Contains(':', StringComparison.Ordinal) ? "/128" : "/32");
        return IPNetwork.Parse(text).Contains(address);
    }

    private static bool Matches(Line line, Identity identity, string topic)
    {
        // Row 9.
        if (topic.StartsWith('$') != line.Topic.StartsWith('$')) return false;
        var filter = line.Topic.Split('/').ToList();
        var levels = topic.Split('/').ToList();
        for (var i = 0; i < filter.Count; i++)
        {
            // `#` stands for the parent and everything below it.
            if (filter[i] == "#") return true;
            if (i >= levels.Count) return false;
            var wanted = filter[i];
            if (line.IsPattern && wanted == "%c") wanted = identity.ClientId;
            else if (line.IsPattern && wanted == "%u")
            {
                if (identity.UserName is null) return false;
                wanted = identity.UserName;
            }
            else if (wanted == "+")
            {
                continue;
            }

            if (wanted != levels[i]) return false;
        }

        return levels.Count == filter.Count;
    }

    private static bool IsDangerous(string name) => name.Contains('+', StringComparison.Ordinal) || name.Contains('#', StringComparison.Ordinal);

    private sealed record Line(bool IsPattern, string? User, string Access, string Topic, string? Address);
}
