using System.Text;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Host.Verbs.Passwords;

/// <summary>
/// The lines of a password file while they are edited. Lines that are not touched stay byte for byte, comments and lines without a colon
/// included: each byte is held as the character of the same number.
/// </summary>
internal sealed class PasswordLines
{
    private readonly List<string> _lines;

    internal PasswordLines(byte[] content)
    {
        _lines = [.. Encoding.Latin1.GetString(content).Split('\n')];
        // What stands behind the last line's end is not a line.
        if (_lines[^1].Length == 0) _lines.RemoveAt(_lines.Count - 1);
    }

    /// <summary>The file.</summary>
    internal byte[] ToBytes() => Encoding.Latin1.GetBytes(string.Concat(_lines.Select(line => line + "\n")));

    /// <summary>Finds what neither the broker could read nor this can leave alone.</summary>
    /// <param name="except">A user whose line is about to be replaced or removed anyway; null for none.</param>
    /// <returns>Number of the first such line, from 1; 0 when there is none.</returns>
    internal int FindCorrupt(string? except = null)
    {
        for (var i = 0; i < _lines.Count; i++)
        {
            if (!TrySplit(_lines[i], out var userName, out var rest)) continue;
            if (userName.Length == 0 || (rest.Length == 0 && userName != BytesOf(except ?? ""))) return i + 1;
        }

        return 0;
    }

    /// <summary>Whether a user has a line.</summary>
    internal bool Contains(string userName) => IndexOf(BytesOf(userName), 0) >= 0;

    /// <summary>Gives a user a line, in place of the one he has or at the end. Further lines of him go.</summary>
    internal void Set(string userName, PasswordHash hash)
    {
        var name = BytesOf(userName);
        var index = IndexOf(name, 0);
        if (index < 0)
        {
            _lines.Add($"{name}:{hash}");
            return;
        }

        _lines[index] = $"{name}:{hash}";
        RemoveFrom(name, index + 1);
    }

    /// <summary>Removes every line of a user.</summary>
    /// <returns>False when there is none.</returns>
    internal bool Remove(string userName) => RemoveFrom(BytesOf(userName), 0);

    /// <summary>Hashes every password that stands there in plain text; what is hashed already stays.</summary>
    /// <param name="make">Hashes a password.</param>
    /// <returns>Number of the first line that cannot be taken for either, from 1; 0 when all went well.</returns>
    internal int HashPlainText(Func<byte[], PasswordHash> make)
    {
        for (var i = 0; i < _lines.Count; i++)
        {
            if (!TrySplit(_lines[i], out var userName, out var rest)) continue;
            if (userName.Length == 0 || rest.Length == 0) return i + 1;
            if (!PasswordHash.LooksHashed(rest)) _lines[i] = $"{userName}:{make(Encoding.Latin1.GetBytes(rest))}";
            else if (!PasswordHash.TryParse(rest, out _, out _)) return i + 1;
        }

        return 0;
    }

    private bool RemoveFrom(string name, int start)
    {
        var removed = false;
        for (var index = IndexOf(name, start); index >= 0; index = IndexOf(name, index))
        {
            _lines.RemoveAt(index);
            removed = true;
        }

        return removed;
    }

    private int IndexOf(string name, int start) =>
        start >= _lines.Count ? -1 : _lines.FindIndex(start, line => TrySplit(line, out var userName, out _) && userName == name);

    // As the broker reads a line: the first colon divides, blanks around the parts do not count.
    private static bool TrySplit(string line, out string userName, out string rest)
    {
        userName = rest = "";
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || line[0] == '#') return false;
        userName = line[..colon].Trim(' ', '\t', '\r', '\v', '\f');
        rest = line[(colon + 1)..].Trim(' ', '\t', '\r', '\v', '\f');
        return true;
    }

    private static string BytesOf(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
}
