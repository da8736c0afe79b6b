using System.Globalization;
using System.Security.Cryptography;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>A hashed password in one of Mosquitto's forms. Immutable.</summary>
/// <remarks>What a file can ask for is bounded: iterations, memory, lanes, length of salt and hash. A hash that would cost more is not read.</remarks>
public sealed class PasswordHash : IEquatable<PasswordHash>
{
    /// <summary>Iterations of PBKDF2 that are written unless told otherwise.</summary>
    public const int DefaultIterations = 210_000;

    /// <summary>Most iterations of PBKDF2 that are read or written: some seconds of one processor.</summary>
    public const int MaximumIterations = 10_000_000;

    /// <summary>Longest text that is read.</summary>
    internal const int MaximumTextLength = 1024;

    // Mosquitto 2.0 reads salts of 12 bytes only; 2.1 writes 64 and reads both. argon2id only 2.1 reads.
    private const int SaltLength = 12;
    private const int Argon2SaltLength = 64;
    private const int HashLength = 64;
    private readonly byte[] _salt;
    private readonly byte[] _hash;
    private readonly Argon2Cost _cost;

    internal PasswordHash(PasswordHashForm form, int iterations, in Argon2Cost cost, byte[] salt, byte[] hash)
    {
        Form = form;
        Iterations = iterations;
        _cost = cost;
        _salt = salt;
        _hash = hash;
    }

    /// <summary>How the password is hashed.</summary>
    public PasswordHashForm Form { get; }

    /// <summary>Iterations of PBKDF2, passes of argon2id; 1 for SHA-512.</summary>
    public int Iterations { get; }

    internal Argon2Cost Argon2Cost => _cost;

    internal ReadOnlySpan<byte> Salt => _salt;

    internal ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Whether this platform can compute argon2id.</summary>
    public static bool IsArgon2Available => Argon2.IsAvailable;

    /// <summary>Reads the text form.</summary>
    /// <param name="text">What stands behind the colon of a password file.</param>
    /// <param name="hash">The result; null when the text is none.</param>
    /// <param name="error">What is wrong with it, without quoting it; null when nothing is.</param>
    /// <returns>False when the text is not a hash, or asks for more than the bounds.</returns>
    /// <remarks>Linear in the text; does not throw. argon2id is read on every platform; whether it can be verified tells <see cref="IsArgon2Available"/>.</remarks>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PasswordHash? hash, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return PasswordHashReader.TryRead(text, out hash, out error);
    }

    /// <summary>Whether a text begins as a hash does: a plain-text password file is told from a hashed one by it.</summary>
    public static bool LooksHashed(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith("$6$", StringComparison.Ordinal) || text.StartsWith("$7$", StringComparison.Ordinal) || text.StartsWith("$argon2id$", StringComparison.Ordinal);
    }

    /// <summary>Hashes a password with a random salt.</summary>
    /// <param name="password">The password, usually UTF-8.</param>
    /// <param name="form">How.</param>
    /// <param name="iterations">Iterations of PBKDF2 (1 to <see cref="MaximumIterations"/>) or passes of argon2id (1 to 64); 0 for the default.</param>
    /// <exception cref="CryptographicException">argon2id is asked for, and not there.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="iterations"/> is out of range.</exception>
    /// <remarks>Burns CPU, which is its purpose.</remarks>
    public static PasswordHash Make(ReadOnlySpan<byte> password, PasswordHashForm form = PasswordHashForm.Pbkdf2, int iterations = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iterations);
        var cost = form == PasswordHashForm.Argon2id ? Argon2Cost.Default with { Passes = Math.Max(1, iterations) } : default;
        var rounds = form switch
        {
            PasswordHashForm.Sha512 => 1,
            PasswordHashForm.Pbkdf2 => iterations == 0 ? DefaultIterations : iterations,
            _ => cost.Passes,
        };
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rounds, form == PasswordHashForm.Argon2id ? Argon2Cost.MaximumPasses : MaximumIterations, nameof(iterations));
        var salt = RandomNumberGenerator.GetBytes(form == PasswordHashForm.Argon2id ? Argon2SaltLength : SaltLength);
        var bare = new PasswordHash(form, rounds, cost, salt, []);
        var hash = new byte[HashLength];
        bare.Compute(password, hash);
        return new PasswordHash(form, rounds, cost, salt, hash);
    }

    /// <summary>Whether a password is the one that was hashed.</summary>
    /// <param name="password">The password as the client sent it.</param>
    /// <exception cref="CryptographicException">argon2id cannot be computed here and now.</exception>
    /// <remarks>Burns as much CPU as making it did; compares in constant time.</remarks>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        Span<byte> computed = stackalloc byte[PasswordHashReader.MaximumHashLength];
        computed = computed[.._hash.Length];
        Compute(password, computed);
        return CryptographicOperations.FixedTimeEquals(computed, _hash);
    }

    /// <summary>A hash of the same form and cost that no password has: verified for users that do not exist, so that their refusal takes as long.</summary>
    internal PasswordHash MakeDummy() =>
        new(Form, Iterations, _cost, RandomNumberGenerator.GetBytes(_salt.Length), RandomNumberGenerator.GetBytes(_hash.Length));

    /// <summary>The text form, as it stands in a password file.</summary>
    public override string ToString() => Form switch
    {
        PasswordHashForm.Sha512 => $"$6${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}",
        PasswordHashForm.Pbkdf2 => string.Create(CultureInfo.InvariantCulture, $"$7${Iterations}${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}"),
        _ => string.Create(
            CultureInfo.InvariantCulture,
            $"$argon2id$v={_cost.Version}$m={_cost.MemoryKiB},t={_cost.Passes},p={_cost.Lanes}${Unpadded(_salt)}${Unpadded(_hash)}"),
    };

    /// <summary>Whether two are the same hash, byte for byte: not whether they are of the same password.</summary>
    public bool Equals(PasswordHash? other) =>
        other is not null && Form == other.Form && Iterations == other.Iterations && _cost == other._cost
        && _salt.AsSpan().SequenceEqual(other._salt) && CryptographicOperations.FixedTimeEquals(_hash, other._hash);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PasswordHash);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Form, Iterations, BitConverter.ToInt64(_hash, 0));

    private static string Unpadded(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private void Compute(ReadOnlySpan<byte> password, Span<byte> hash)
    {
        switch (Form)
        {
            case PasswordHashForm.Sha512:
                using (var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA512))
                {
                    sha.AppendData(password);
                    sha.AppendData(_salt);
                    sha.GetHashAndReset(hash);
                }

                break;
            case PasswordHashForm.Pbkdf2:
                Rfc2898DeriveBytes.Pbkdf2(password, _salt, hash, Iterations, HashAlgorithmName.SHA512);
                break;
            default:
                Argon2.Compute(password, _salt, _cost, hash);
                break;
        }
    }
}
