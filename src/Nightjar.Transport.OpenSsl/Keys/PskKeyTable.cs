using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Nightjar.Transport.OpenSsl.Keys;

/// <summary>Finds the key of an identity so that a peer cannot tell which identities there are.</summary>
/// <remarks>
/// <para>Identities are looked up by a keyed digest (HMAC-SHA-256 with a secret of this table), so that no comparison of what the peer sent
/// ends earlier the less of it is right, and nobody can choose identities that collide.</para>
/// <para>An unknown identity gets a decoy: a key that the same secret makes of the identity, as long as that of one of the known ones. The
/// handshake then fails where one with a wrong key does, by the same alert, however often it is tried. The decoy is made for known identities
/// too.</para>
/// </remarks>
internal sealed class PskKeyTable
{
    // What a decoy is as long as while there is no key at all.
    private const int LengthWithoutKeys = 32;

    private readonly Dictionary<UInt128, Entry> _entries = [];
    private readonly int[] _lengths;
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);

    /// <exception cref="ArgumentException">An identity is empty, longer than 256 bytes or has a zero byte.</exception>
    internal PskKeyTable(IReadOnlyDictionary<string, PskKey> keys)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        foreach ((string identity, PskKey key) in keys)
        {
            byte[] name = Encoding.UTF8.GetBytes(identity);
            if (name.Length is 0 or > PskFile.MaximumIdentityLength || name.Contains((byte)0))
                throw new ArgumentException($"A PSK identity has 1 to {PskFile.MaximumIdentityLength} bytes of UTF-8 and no zero among them: \"{identity}\".", nameof(keys));
            HMACSHA256.HashData(_secret, name, digest);
            _entries.Add(BinaryPrimitives.ReadUInt128BigEndian(digest), new Entry(identity, key));
        }
        _lengths = keys.Count == 0 ? [LengthWithoutKeys] : [.. keys.Values.Select(key => key.Bytes.Length)];
    }

    /// <summary>Copies the key of an identity, or a decoy.</summary>
    /// <param name="identity">As the peer sent it.</param>
    /// <param name="key">At least <see cref="PskKey.MaximumLength"/> bytes.</param>
    /// <param name="known">The identity as a string; null when it is not in the table.</param>
    /// <returns>Length of the key.</returns>
    internal int Find(ReadOnlySpan<byte> identity, Span<byte> key, out string? known)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> decoy = stackalloc byte[PskKey.MaximumLength];
        HMACSHA256.HashData(_secret, identity, digest);
        MakeDecoy(digest, decoy);
        ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, BinaryPrimitives.ReadUInt128BigEndian(digest));
        bool isKnown = !System.Runtime.CompilerServices.Unsafe.IsNullRef(ref entry);
        known = isKnown ? entry.Identity : null;
        int length = _lengths[(int)(BinaryPrimitives.ReadUInt64BigEndian(digest[16..]) % (ulong)_lengths.Length)];
        ReadOnlySpan<byte> chosen = isKnown ? entry.Key.Bytes : decoy[..length];
        chosen.CopyTo(key);
        CryptographicOperations.ZeroMemory(decoy);
        return chosen.Length;
    }

    // Sixteen blocks, each the digest of a block number and the identity's digest.
    private void MakeDecoy(ReadOnlySpan<byte> digest, Span<byte> decoy)
    {
        Span<byte> seed = stackalloc byte[SHA256.HashSizeInBytes + 1];
        digest.CopyTo(seed[1..]);
        for (int i = 0; i < decoy.Length / SHA256.HashSizeInBytes; i++)
        {
            seed[0] = (byte)i;
            HMACSHA256.HashData(_secret, seed, decoy[(i * SHA256.HashSizeInBytes)..]);
        }
    }

    private readonly record struct Entry(string Identity, PskKey Key);
}
