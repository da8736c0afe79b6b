using System.Runtime.InteropServices;
using System.Text;

namespace Nightjar.Host.Processes;

/// <summary>Whom a file belongs to.</summary>
internal static partial class FileOwner
{
    // struct statx of Linux has one layout on every architecture: uid at 20, gid at 24.
    private const int CurrentDirectory = -100;
    private const uint UserAndGroup = 0x8 | 0x10;

    /// <summary>Gives a file to the owner of another one, which only root can. Elsewhere than on Linux nothing happens.</summary>
    /// <returns>False when it was not possible.</returns>
    internal static bool TryCopy(string from, string to)
    {
        if (!OperatingSystem.IsLinux()) return true;
        return Of(from) is { } owner && (Of(to) == owner || ChangeOwner(Encoding.UTF8.GetBytes(to + '\0'), owner.User, owner.Group) == 0);
    }

    private static (uint User, uint Group)? Of(string path)
    {
        Span<byte> status = stackalloc byte[256];
        status.Clear();
        if (Statx(CurrentDirectory, Encoding.UTF8.GetBytes(path + '\0'), 0, UserAndGroup, status) != 0) return null;
        return (BitConverter.ToUInt32(status[20..]), BitConverter.ToUInt32(status[24..]));
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "chown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(ReadOnlySpan<byte> path, uint user, uint group);
}
