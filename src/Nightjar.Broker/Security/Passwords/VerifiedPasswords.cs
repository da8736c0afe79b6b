using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>
/// Remembers which passwords were verified, so that a client that reconnects costs no hash. Kept is an HMAC-SHA-256, under a random key of the
/// process, of user name, stored hash and password: worthless to whoever reads it without the key, and wrong as soon as one of the three is
/// another.
/// </summary>
/// <remarks>A table of fixed size, four entries to a bucket; when a bucket is full one of its entries is replaced. Readers take no lock. Passwords longer
/// than <see cref="MaximumPasswordLength"/> are not remembered, so that the look-up stays in the order of a microsecond.</remarks>
internal sealed class VerifiedPasswords
{
    internal const int MaximumPasswordLength = 4096;
    private const int Ways = 4;
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly byte[]?[] _tags;
    private int _next;

    /// <summary>Makes an empty table.</summary>
    /// <param name="capacity">Most passwords remembered; a multiple of 4. Each takes about 64 bytes.</param>
    internal VerifiedPasswords(int capacity = 16_384) => _tags = new byte[capacity][];

    /// <summary>Passwords remembered now.</summary>
    internal int Count => _tags.Count(tag => tag is not null);

    /// <summary>What stands for a password of a user.</summary>
    /// <returns>Null when the password is too long to be remembered.</returns>
    internal static byte[]? TagOf(PasswordEntry entry, ReadOnlySpan<byte> password)
    {
        if (password.Length > MaximumPasswordLength) return null;
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Key);
        // With its length in front no part can be moved into the next.
        Span<byte> length = stackalloc byte[4];
        var userName = Encoding.UTF8.GetBytes(entry.UserName);
        BinaryPrimitives.WriteInt32LittleEndian(length, userName.Length);
        hmac.AppendData(length);
        hmac.AppendData(userName);
        var hash = Encoding.ASCII.GetBytes(entry.Hash.ToString());
        BinaryPrimitives.WriteInt32LittleEndian(length, hash.Length);
        hmac.AppendData(length);
        hmac.AppendData(hash);
        hmac.AppendData(password);
        return hmac.GetHashAndReset();
    }

    /// <summary>Whether a password was verified before.</summary>
    internal bool Contains(byte[]? tag)
    {
        if (tag is null) return false;
        var first = BucketOf(tag);
        var found = false;
        for (var i = first; i < first + Ways; i++)
        {
            if (Volatile.Read(ref _tags[i]) is { } known) found |= CryptographicOperations.FixedTimeEquals(known, tag);
        }

        return found;
    }

    /// <summary>Remembers a password that was verified.</summary>
    /// <remarks>Two threads may take the same place; one of them is forgotten then, and hashes once more.</remarks>
    internal void Add(byte[]? tag)
    {
        if (tag is null || Contains(tag)) return;
        var first = BucketOf(tag);
        var place = first + (Interlocked.Increment(ref _next) & (Ways - 1));
        for (var i = first; i < first + Ways; i++)
        {
            if (Volatile.Read(ref _tags[i]) is null) place = i;
        }

        Volatile.Write(ref _tags[place], tag);
    }

    private int BucketOf(byte[] tag) => (int)(BinaryPrimitives.ReadUInt32LittleEndian(tag) % (uint)(_tags.Length / Ways)) * Ways;
}
