using System.Runtime.InteropServices;
using System.Text;

namespace Nightjar.Host.Processes;

/// <summary>Whom a file belongs to. Elsewhere than on Linux nobody: then nothing is changed either.</summary>
/// <param name="User">The user's number.</param>
/// <param name="Group">The group's.</param>
/// <param name="IsRegular">Whether it is a regular file.</param>
internal readonly partial record struct FileOwner(uint User, uint Group, bool IsRegular)
{
    // struct statx of Linux has one layout on every architecture: uid at 20, gid at 24, mode at 28.
    private const int CurrentDirectory = -100;
    private const uint TypeUserAndGroup = 0x1 | 0x8 | 0x10;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>Looks at a file, through symbolic links; null when that is not possible.</summary>
    internal static FileOwner? Of(string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        Span<byte> status = stackalloc byte[256];
        status.Clear();
        if (Statx(CurrentDirectory, Encoding.UTF8.GetBytes(path + '\0'), 0, TypeUserAndGroup, status) != 0) return null;
        return new FileOwner(BitConverter.ToUInt32(status[20..]), BitConverter.ToUInt32(status[24..]), (BitConverter.ToUInt16(status[28..]) & TypeMask) == Regular);
    }

    /// <summary>Gives a file to the owner of another one, which only root can.</summary>
    /// <returns>False when it was not possible.</returns>
    internal static bool TryCopy(string from, string to) => !OperatingSystem.IsLinux() || (Of(from) is { } owner && owner.TryGive(to));

    /// <summary>Gives a file to this user and group, which only root can.</summary>
    /// <returns>False when it was not possible.</returns>
    internal bool TryGive(string path) =>
        (Of(path) is { } present && present.User == User && present.Group == Group) || ChangeOwner(Encoding.UTF8.GetBytes(path + '\0'), User, Group) == 0;

    [LibraryImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "chown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(ReadOnlySpan<byte> path, uint user, uint group);
}
