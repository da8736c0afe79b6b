namespace Nightjar.Broker.Security.Passwords;

/// <summary>What an argon2id hash costs.</summary>
/// <param name="Version">0x13 (v=19), or 0x10 for strings without a version.</param>
/// <param name="MemoryKiB">Memory in KiB.</param>
/// <param name="Passes">Passes over the memory.</param>
/// <param name="Lanes">Lanes, each of which the library gives a thread.</param>
internal readonly record struct Argon2Cost(int Version, int MemoryKiB, int Passes, int Lanes)
{
    internal const int CurrentVersion = 0x13;

    /// <summary>What Mosquitto writes: 46 MiB, one pass, one lane.</summary>
    internal static readonly Argon2Cost Default = new(CurrentVersion, 47_104, 1, 1);

    /// <summary>Most memory a line of a file may ask for: 1 GiB.</summary>
    internal const int MaximumMemoryKiB = 1 << 20;

    internal const int MaximumPasses = 64;

    internal const int MaximumLanes = 16;

    /// <summary>What is wrong with the values; null when nothing is.</summary>
    internal string? Error()
    {
        if (Version is not (CurrentVersion or 0x10)) return $"argon2 version {Version} is not known; use v=19";
        if (Passes is < 1 or > MaximumPasses) return $"argon2 t={Passes} is out of range; use 1 to {MaximumPasses}";
        if (Lanes is < 1 or > MaximumLanes) return $"argon2 p={Lanes} is out of range; use 1 to {MaximumLanes}";
        if (MemoryKiB < 8 * Lanes || MemoryKiB > MaximumMemoryKiB) return $"argon2 m={MemoryKiB} is out of range; use {8 * Lanes} to {MaximumMemoryKiB} KiB";
        return (long)MemoryKiB * Passes > 4L * MaximumMemoryKiB ? $"argon2 m={MemoryKiB},t={Passes} takes too long; m times t must be at most {4L * MaximumMemoryKiB}" : null;
    }
}
