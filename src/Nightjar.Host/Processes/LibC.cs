using System.Runtime.InteropServices;

namespace Nightjar.Host.Processes;

/// <summary>The C library's calls about users. The library carries a change of identity to every thread of the process.</summary>
internal static partial class LibC
{
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUserId();

    [LibraryImport(Library, EntryPoint = "setuid", SetLastError = true)]
    internal static partial int SetUserId(uint user);

    [LibraryImport(Library, EntryPoint = "setgid", SetLastError = true)]
    internal static partial int SetGroupId(uint group);

    [LibraryImport(Library, EntryPoint = "seteuid", SetLastError = true)]
    internal static partial int SetEffectiveUserId(uint user);

    [LibraryImport(Library, EntryPoint = "setegid", SetLastError = true)]
    internal static partial int SetEffectiveGroupId(uint group);

    [LibraryImport(Library, EntryPoint = "fchown", SetLastError = true)]
    internal static partial int SetOwner(Microsoft.Win32.SafeHandles.SafeFileHandle file, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "initgroups", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetGroups(string user, uint group);

    [LibraryImport(Library, EntryPoint = "getpwnam", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial Passwd* GetUser(string name);

    // struct passwd of Linux. The memory belongs to the library and is overwritten by the next call.
    [StructLayout(LayoutKind.Sequential)]
    internal struct Passwd
    {
        internal nint Name;
        internal nint Password;
        internal uint UserId;
        internal uint GroupId;
        internal nint Gecos;
        internal nint Directory;
        internal nint Shell;
    }
}
