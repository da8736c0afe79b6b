using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Host.Processes;

/// <summary>The C library's calls about users and descriptors. The library carries a change of identity to every thread of the process.</summary>
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

    [LibraryImport(Library, EntryPoint = "initgroups", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetGroups(string user, uint group);

    [LibraryImport(Library, EntryPoint = "fchown", SetLastError = true)]
    internal static partial int ChangeOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "getpwnam", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial Passwd* GetUser(string name);

    internal const int ReadWrite = 2;

    [LibraryImport(Library, EntryPoint = "setsid", SetLastError = true)]
    internal static partial int SetSession();

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "dup2", SetLastError = true)]
    internal static partial int Duplicate(int from, int to);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    /// <summary>signal(2), for the two dispositions that are no function: 0 is the default, 1 ignores.</summary>
    [LibraryImport(Library, EntryPoint = "signal", SetLastError = true)]
    internal static partial nint SetDisposition(int signal, nint disposition);

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
