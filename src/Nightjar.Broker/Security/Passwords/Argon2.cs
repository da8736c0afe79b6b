using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>argon2id of the platform's libargon2, which is loaded when it is first asked for.</summary>
internal static partial class Argon2
{
    private const string Library = "libargon2.so.1";
    private const int TypeId = 2;
    private static readonly Lazy<bool> Loaded = new(static () => NativeLibrary.TryLoad(Library, typeof(Argon2).Assembly, null, out _));

    /// <summary>Whether the library is there.</summary>
    internal static bool IsAvailable => Loaded.Value;

    /// <summary>Computes a hash into the whole of <paramref name="hash"/>.</summary>
    /// <param name="password">Any length.</param>
    /// <param name="salt">At least 8 bytes.</param>
    /// <param name="cost">Memory, passes and lanes.</param>
    /// <param name="hash">At least 4 bytes.</param>
    /// <exception cref="CryptographicException">The library is not there, or refuses: for want of memory, most likely.</exception>
    /// <remarks>Burns CPU and takes <see cref="Argon2Cost.MemoryKiB"/> of memory for its time.</remarks>
    internal static void Compute(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, in Argon2Cost cost, Span<byte> hash)
    {
        if (!IsAvailable) throw new CryptographicException($"argon2id needs {Library}, which is not installed.");
        var result = Hash(
            (uint)cost.Passes, (uint)cost.MemoryKiB, (uint)cost.Lanes, password, (nuint)password.Length, salt, (nuint)salt.Length,
            hash, (nuint)hash.Length, 0, 0, TypeId, (uint)cost.Version);
        if (result != 0) throw new CryptographicException($"argon2id failed with code {result} of {Library}.");
    }

    [LibraryImport(Library, EntryPoint = "argon2_hash")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Hash(
        uint passes, uint memory, uint lanes, ReadOnlySpan<byte> password, nuint passwordLength, ReadOnlySpan<byte> salt, nuint saltLength,
        Span<byte> hash, nuint hashLength, nint encoded, nuint encodedLength, int type, uint version);
}
