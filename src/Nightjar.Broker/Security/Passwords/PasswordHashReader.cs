using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>
/// The text forms of a hashed password:
/// <code>
/// $6$SALT$HASH                               base64 with padding, hash of 64 bytes
/// $7$ITERATIONS$SALT$HASH                    the same
/// $argon2id$v=19$m=KIB,t=N,p=N$SALT$HASH     base64 without padding
/// </code>
/// </summary>
internal static class PasswordHashReader
{
    internal const int MaximumHashLength = 128;
    private const int MinimumSaltLength = 8;
    private const int MaximumSaltLength = 64;
    private const int Sha512Length = 64;

    internal static bool TryRead(string text, [NotNullWhen(true)] out PasswordHash? hash, [NotNullWhen(false)] out string? error)
    {
        hash = null;
        if (text.Length > PasswordHash.MaximumTextLength)
        {
            error = $"the hash is longer than {PasswordHash.MaximumTextLength} characters";
            return false;
        }

        var parts = text.Split('$');
        error = parts switch
        {
            ["", "6", var salt, var key] => ReadSha512(salt, key, out hash),
            ["", "7", var iterations, var salt, var key] => ReadPbkdf2(iterations, salt, key, out hash),
            ["", "argon2id", var cost, var salt, var key] => ReadArgon2("v=16", cost, salt, key, out hash),
            ["", "argon2id", var version, var cost, var salt, var key] => ReadArgon2(version, cost, salt, key, out hash),
            _ => "it is not a hashed password ($6$, $7$ or $argon2id$); hash plain text with nightjar passwd -U",
        };
        return error is null;
    }

    private static string? ReadSha512(string salt, string key, out PasswordHash? hash)
    {
        hash = null;
        if (ReadBytes(salt, key, padded: true, Sha512Length, Sha512Length, out var saltBytes, out var keyBytes) is { } error) return error;
        hash = new PasswordHash(PasswordHashForm.Sha512, 1, default, saltBytes, keyBytes);
        return null;
    }

    private static string? ReadPbkdf2(string iterations, string salt, string key, out PasswordHash? hash)
    {
        hash = null;
        if (!TryReadNumber(iterations, out var count) || count < 1 || count > PasswordHash.MaximumIterations)
            return $"the number of iterations is not 1 to {PasswordHash.MaximumIterations}";
        if (ReadBytes(salt, key, padded: true, Sha512Length, Sha512Length, out var saltBytes, out var keyBytes) is { } error) return error;
        hash = new PasswordHash(PasswordHashForm.Pbkdf2, count, default, saltBytes, keyBytes);
        return null;
    }

    private static string? ReadArgon2(string version, string parameters, string salt, string key, out PasswordHash? hash)
    {
        hash = null;
        if (!TryReadArgon2Cost(version, parameters, out var cost)) return "the argon2id parameters are not of the form v=19$m=47104,t=1,p=1";
        if (cost.Error() is { } outOfRange) return outOfRange;
        if (ReadBytes(salt, key, padded: false, 16, MaximumHashLength, out var saltBytes, out var keyBytes) is { } error) return error;
        hash = new PasswordHash(PasswordHashForm.Argon2id, cost.Passes, cost, saltBytes, keyBytes);
        return null;
    }

    private static bool TryReadArgon2Cost(string version, string parameters, out Argon2Cost cost)
    {
        cost = default;
        if (parameters.Split(',') is not [var memory, var passes, var lanes]) return false;
        if (!TryReadField(version, "v=", out var v) || !TryReadField(memory, "m=", out var m)) return false;
        if (!TryReadField(passes, "t=", out var t) || !TryReadField(lanes, "p=", out var p)) return false;
        cost = new Argon2Cost(v, m, t, p);
        return true;
    }

    private static bool TryReadField(string field, string name, out int value)
    {
        value = 0;
        return field.StartsWith(name, StringComparison.Ordinal) && TryReadNumber(field[name.Length..], out value);
    }

    private static bool TryReadNumber(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static string? ReadBytes(string salt, string key, bool padded, int shortest, int longest, out byte[] saltBytes, out byte[] keyBytes)
    {
        keyBytes = [];
        if (!TryReadBase64(salt, padded, out saltBytes)) return "the salt is not base64";
        if (saltBytes.Length is < MinimumSaltLength or > MaximumSaltLength) return $"the salt has {saltBytes.Length} bytes; it must have {MinimumSaltLength} to {MaximumSaltLength}";
        if (!TryReadBase64(key, padded, out keyBytes)) return "the hash is not base64";
        if (keyBytes.Length >= shortest && keyBytes.Length <= longest) return null;
        return shortest == longest
            ? $"the hash has {keyBytes.Length} bytes; it must have {longest}"
            : $"the hash has {keyBytes.Length} bytes; it must have {shortest} to {longest}";
    }

    // The runtime's decoder skips white space, which has no place here.
    private static bool TryReadBase64(string text, bool padded, out byte[] bytes)
    {
        bytes = [];
        if (text.Length == 0 || text.AsSpan().ContainsAny(" \t\r\n")) return false;
        if (!padded)
        {
            if (text.Contains('=', StringComparison.Ordinal)) return false;
            text = text.PadRight((text.Length + 3) / 4 * 4, '=');
        }

        var buffer = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length)) return false;
        bytes = buffer[..length];
        return true;
    }
}
