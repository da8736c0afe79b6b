using System.Text;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>Reads the lines of a password file. Whatever is wrong with one refuses the file: no user comes out of it with less than a password.</summary>
internal ref struct PasswordFileReader
{
    // The length of an MQTT string.
    private const int MaximumUserNameBytes = 65_535;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly string _path;
    private readonly bool _hasArgon2;
    private readonly Dictionary<string, PasswordEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];
    private int _line;

    private PasswordFileReader(string path, bool hasArgon2)
    {
        _path = path;
        _hasArgon2 = hasArgon2;
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="content">UTF-8; lines end with LF or CR LF.</param>
    /// <param name="path">Name for messages.</param>
    /// <param name="warnings">What reading the file found already.</param>
    /// <param name="hasArgon2">Whether argon2id can be verified here; if not, lines with it are errors.</param>
    internal static PasswordFile Read(ReadOnlySpan<byte> content, string path, IReadOnlyList<string> warnings, bool hasArgon2)
    {
        var reader = new PasswordFileReader(path, hasArgon2);
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        foreach (var range in content.Split((byte)'\n'))
        {
            reader._line++;
            reader.ReadLine(content[range]);
        }

        if (reader._errors.Count > 0) throw new SecurityFileException(reader._errors);
        return new PasswordFile(path, reader._entries, warnings);
    }

    private void ReadLine(ReadOnlySpan<byte> line)
    {
        if (line.Length == 0 || line[0] == (byte)'#') return;
        var colon = line.IndexOf((byte)':');
        if (colon < 0) return;
        if (ReadUserName(line[..colon]) is not { } userName) return;
        if (_lines.TryGetValue(userName, out var first))
        {
            Fail($"Error: Duplicate user '{userName}' in password file '{_path}'.", $"The first one is in line {first}.");
            return;
        }

        _lines.Add(userName, _line);
        var text = Trim(line[(colon + 1)..]);
        if (text.Length == 0)
        {
            Fail($"Error: Invalid line in password file '{_path}': {userName}", "The user has no password.");
            return;
        }

        if (ReadHash(text, out var error) is { } hash) _entries.Add(userName, new PasswordEntry(userName, hash));
        else Fail($"Error: Unable to decode line in password file '{_path}'.", $"User '{userName}': {error}.");
    }

    private string? ReadUserName(ReadOnlySpan<byte> bytes)
    {
        bytes = Trim(bytes);
        if (bytes.Length == 0)
        {
            Fail($"Error: Empty username in password file '{_path}'.", null);
            return null;
        }

        if (bytes.Length > MaximumUserNameBytes)
        {
            Fail($"Error: Invalid line in password file '{_path}', username too long.", $"At most {MaximumUserNameBytes} bytes.");
            return null;
        }

        // A program that ends strings at NUL would read another user name than this.
        if (bytes.ContainsAnyInRange((byte)0, (byte)0x1F) || bytes.Contains((byte)0x7F))
        {
            Fail($"Error: Invalid line in password file '{_path}', username contains a control character.", null);
            return null;
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            Fail($"Error: Invalid line in password file '{_path}', username is not valid UTF-8.", null);
            return null;
        }
    }

    private readonly PasswordHash? ReadHash(ReadOnlySpan<byte> bytes, out string? error)
    {
        if (bytes.Length > PasswordHash.MaximumTextLength) error = $"the hash is longer than {PasswordHash.MaximumTextLength} characters";
        else if (bytes.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E)) error = "the hash contains a blank, a control character or a letter outside ASCII";
        else if (!PasswordHash.TryParse(Encoding.ASCII.GetString(bytes), out var hash, out error)) return null;
        else if (hash.Form == PasswordHashForm.Argon2id && !_hasArgon2) error = "argon2id needs libargon2.so.1, which is not installed (Debian: apt-get install libargon2-1); or hash the password anew with nightjar passwd";
        else return hash;
        return null;
    }

    // The blanks of C's isspace, which Mosquitto takes away on both sides; CR of a CR LF is one of them.
    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> bytes) => bytes.Trim(" \t\r\v\f"u8);

    private readonly void Fail(string message, string? more) =>
        _errors.Add(more is null ? $"{message} Error found at {_path}:{_line}." : $"{message} Error found at {_path}:{_line}. {more}");
}
