using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security.AccessLists;

// The grammar is Mosquitto's. Words are separated by spaces (a tab is a character like any other); what follows the last keyword up to the end
// of the line is the topic or the name, with the white space around it cut off, so both may contain spaces. `topic read` alone grants the
// topic `read`. `#` begins a comment only as the first character of a line.
//
//     topic [read|write|readwrite|deny] FILTER      for the user of the last `user` line; before any such line for clients without a user name
//     user NAME                                     a second one with the same name goes on where the first ended
//     pattern [read|write|readwrite|deny] FILTER    for everybody, wherever the line stands
//     address RANGE | address any                   ours: see below
//
// `address` restricts the `topic` and `pattern` lines that follow to clients whose network address is in the range, until the next `address`
// or `user` line; `address any` ends it. A line restricted so is not there at all for other clients. Where the address of a client is not
// known (its session was recovered and it has not been back yet) a restricted grant does not hold and a restricted denial does.
//
// Strict (`compat_mode strict`): `address` is the error that it is to Mosquitto.

/// <summary>Reads the lines of an access file and collects everything that is wrong with them.</summary>
internal sealed class AccessListParser(string path, bool strict)
{
    /// <summary>Most levels of a topic in an access file: as many as a client may use.</summary>
    internal const int MaximumLevels = 200;

    // Beyond so many errors the file is not an access file at all.
    private const int MaximumErrors = 1000;
    private readonly List<AccessRule> _rules = [];
    private readonly List<string> _errors = [];
    private string? _userName;
    private AddressRange? _addresses;
    private int _line;

    /// <summary>Takes the next line.</summary>
    internal void Add(string line)
    {
        _line++;
        // Editors on Windows put a byte order mark in front and leave a carriage return behind.
        if (_line == 1 && line.StartsWith('\uFEFF')) line = line[1..];
        if (line.StartsWith('#') || _errors.Count > MaximumErrors) return;
        line = line.AsSpan().TrimEnd(" \t\r\n\v\f").TrimStart(' ').ToString();
        if (line.Length == 0) return;
        // What was not valid UTF-8 was read as U+FFFD; neither can be part of a topic or name that a client uses [MQTT-1.5.4-1].
        if (line.AsSpan().ContainsAny('\0', '\uFFFD'))
        {
            Fail($"Invalid line in acl_file \"{path}\": {Shown(line)}.", "it has a NUL character or is not valid UTF-8");
            return;
        }

        var keyword = NextWord(line, out var rest);
        switch (keyword)
        {
            case "topic":
                AddRule(_userName is null ? AccessScope.Anonymous : AccessScope.User, rest);
                break;
            case "pattern":
                AddRule(AccessScope.Pattern, rest);
                break;
            case "user":
                BeginUser(rest);
                break;
            case "address":
                BeginAddresses(rest);
                break;
            default:
                Fail($"Invalid line in acl_file \"{path}\": {Shown(keyword)}.", "a line begins with topic, pattern, user, address or #, and a space behind the word");
                break;
        }
    }

    /// <summary>The list.</summary>
    /// <exception cref="SecurityFileException">There were errors.</exception>
    internal AccessList Finish()
    {
        if (_errors.Count == 0) return new AccessList([.. _rules], path, strict);
        if (_errors.Count > MaximumErrors) _errors.Add($"Error: Too many errors in acl_file \"{path}\"; the rest of it was not read.");
        throw new SecurityFileException(_errors);
    }

    private void BeginUser(string name)
    {
        _addresses = null;
        if (name.Length == 0) Fail($"Missing username in acl_file \"{path}\".", "write a name behind user");
        else if (Encoding.UTF8.GetByteCount(name) > ushort.MaxValue) Fail($"Invalid line in acl_file \"{path}\": user.", "the name is longer than 65535 bytes");
        else _userName = name;
    }

    private void BeginAddresses(string text)
    {
        if (strict)
        {
            Fail($"Invalid line in acl_file \"{path}\": address.", "Mosquitto does not know address lines; they need compat_mode to be other than strict");
            return;
        }

        _addresses = null;
        if (text == "any") return;
        if (AddressRange.TryParse(text, out var range)) _addresses = range;
        else Fail($"Invalid address \"{Shown(text)}\" in acl_file \"{path}\".", "write an address, a range such as 192.168.0.0/16 or fd00::/8, or any");
    }

    private void AddRule(AccessScope scope, string text)
    {
        if (text.Length == 0)
        {
            Fail($"Empty topic in acl_file \"{path}\".", "write a topic behind the word");
            return;
        }

        var rights = AccessRights.ReadWrite;
        var word = NextWord(text, out var topic);
        if (topic.Length == 0)
        {
            topic = word;
        }
        else
        {
            rights = RightsOf(word);
            if (rights == AccessRights.None)
            {
                Fail(
                    $"Invalid topic access type \"{Shown(word)}\" in acl_file \"{path}\".",
                    "use read, write, readwrite or deny; a topic with a space in it needs one of them before it");
                return;
            }
        }

        if (IsValid(topic)) _rules.Add(new AccessRule(scope, scope == AccessScope.User ? _userName : null, rights, topic, _addresses));
    }

    private bool IsValid(string topic)
    {
        var utf8 = Encoding.UTF8.GetBytes(topic);
        string? reason = null;
        if (utf8.Length > TopicName.MaximumLength) reason = "it is longer than 65535 bytes";
        else if (TopicFilter.CountLevels(utf8) > MaximumLevels) reason = $"it has more than {MaximumLevels} levels";
        else if (!TopicFilter.IsValid(utf8)) reason = "+ and # stand for whole levels, # only for the last ones";
        if (reason is null) return true;
        Fail($"Invalid ACL topic \"{Shown(topic)}\" in acl_file \"{path}\".", reason);
        return false;
    }

    private static AccessRights RightsOf(string word) => word switch
    {
        "read" => AccessRights.Read,
        "write" => AccessRights.Write,
        "readwrite" => AccessRights.ReadWrite,
        "deny" => AccessRights.Deny,
        _ => AccessRights.None,
    };

    private static string NextWord(string text, out string rest)
    {
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        rest = space < 0 ? "" : text[(space + 1)..].TrimStart(' ');
        return space < 0 ? text : text[..space];
    }

    // Files that are something else altogether must not fill the log.
    private static string Shown(string text)
    {
        const int Longest = 200;
        var shown = text.Length > Longest ? string.Concat(text.AsSpan(0, Longest), "...") : text;
        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) && source[i] != '\t' ? '?' : source[i];
        });
    }

    private void Fail(string what, string advice) => _errors.Add($"Error: {what} Line {_line}: {advice}.");
}
