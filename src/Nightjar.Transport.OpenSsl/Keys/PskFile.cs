using System.Text;
using Nightjar.Transport.Files;

namespace Nightjar.Transport.OpenSsl.Keys;

/// <summary>A file of pre-shared keys (Mosquitto's psk_file): a line <c>identity:hexkey</c> for each client. Immutable; a reload makes a new
/// one, and a new context of it.</summary>
/// <remarks>
/// Lines that begin with <c>#</c> and lines without a colon mean nothing; blanks around identity and key do not count, nor does what follows
/// a second colon. Lines of which nobody could ever make use (no identity, no key, an identity that came before or is longer than 256 bytes or no
/// UTF-8) are passed over with a warning, as Mosquitto does; a key that is none makes the whole file unusable.
/// </remarks>
public sealed class PskFile
{
    /// <summary>Most bytes of an identity (OpenSSL's PSK_MAX_IDENTITY_LEN).</summary>
    public const int MaximumIdentityLength = 256;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private PskFile(IReadOnlyDictionary<string, PskKey> keys, IReadOnlyList<string> warnings)
    {
        Keys = keys;
        Warnings = warnings;
    }

    /// <summary>The key of each identity. Identities are told apart by case.</summary>
    public IReadOnlyDictionary<string, PskKey> Keys { get; }

    /// <summary>Lines for the log about what was passed over (<c>Warning: ...</c>).</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; a link is followed.</param>
    /// <exception cref="PskFileException">The file cannot be read, or has a line whose key is none; the exception has every error.</exception>
    public static PskFile Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Parse(path, RegularFile.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PskFileException([$"Error: Unable to open psk file \"{path}\": {e.Message}"]);
        }
    }

    private static PskFile Parse(string path, ReadOnlySpan<byte> text)
    {
        var keys = new Dictionary<string, PskKey>(StringComparer.Ordinal);
        List<string> warnings = [];
        List<string> errors = [];
        if (text.StartsWith(Encoding.UTF8.Preamble))
            text = text[Encoding.UTF8.Preamble.Length..];
        int number = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = text[range];
            if (line.StartsWith("#"u8) || !line.Contains((byte)':'))
                continue;
            switch (ParseLine(line, keys))
            {
                case { Fault: { } fault, IsError: true }:
                    errors.Add($"Error: {fault} ({path}:{number})");
                    break;
                case { Fault: { } fault }:
                    warnings.Add($"Warning: Invalid line in psk file '{path}', line {number}: {fault}");
                    break;
            }
        }
        return errors.Count > 0 ? throw new PskFileException(errors) : new PskFile(keys, warnings);
    }

    private static (string? Fault, bool IsError) ParseLine(ReadOnlySpan<byte> line, Dictionary<string, PskKey> keys)
    {
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> rest = line[(colon + 1)..].TrimStart((byte)':');
        int end = rest.IndexOf((byte)':');
        string hex = Encoding.Latin1.GetString(end < 0 ? rest : rest[..end]).Trim();
        if (!TryDecode(line[..colon], out string identity))
            return ("the identity is not UTF-8.", false);
        if (identity.Length == 0)
            return ("empty identity.", false);
        if (Encoding.UTF8.GetByteCount(identity) > MaximumIdentityLength)
            return ($"identity longer than {MaximumIdentityLength} bytes.", false);
        if (identity.Contains('\0', StringComparison.Ordinal))
            return ("the identity has a zero byte.", false);
        if (keys.ContainsKey(identity))
            return ($"duplicate identity \"{identity}\".", false);
        if (hex.Length == 0)
            return ($"no psk for identity \"{identity}\".", false);
        if (!hex.All(char.IsAsciiHexDigit))
            return ($"psk for identity \"{identity}\" contains non-hexadecimal characters.", true);
        if (!PskKey.TryParse(hex, out PskKey? key))
            return ($"psk for identity \"{identity}\" must have 1 to {PskKey.MaximumLength} bytes.", true);
        keys.Add(identity, key);
        return default;
    }

    private static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        try
        {
            text = s_strict.GetString(bytes).Trim();
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }
}
