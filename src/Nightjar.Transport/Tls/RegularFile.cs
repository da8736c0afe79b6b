using System.Runtime.InteropServices;
using System.Text;

namespace Nightjar.Transport.Tls;

/// <summary>Looks at what kind of file a path names before it is opened: opening a pipe waits for its other end, and a device may never end.</summary>
internal static partial class RegularFile
{
    /// <summary>Largest file of keys or certificates that is read, in bytes.</summary>
    internal const long MaximumLength = 256L << 20;

    /// <summary>Checks that a file can be read as a whole.</summary>
    /// <param name="path">The file, or a symbolic link to it.</param>
    /// <exception cref="IOException">It is there and is no regular file, or has more than <see cref="MaximumLength"/> bytes.</exception>
    internal static void Require(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        Span<byte> status = stackalloc byte[StatusLength];
        status.Clear();
        // What cannot be looked at cannot be opened either, and opening it tells why.
        if (Statx(AtCurrentDirectory, Encoding.UTF8.GetBytes(path + '\0'), 0, TypeAndSize, status) != 0) return;
        if ((BitConverter.ToUInt16(status[28..]) & TypeMask) != RegularType) throw new IOException("It is not a regular file.");
        if (BitConverter.ToInt64(status[40..]) > MaximumLength) throw new IOException($"It has more than {MaximumLength} bytes.");
    }

    // struct statx of Linux has one layout on every architecture: mode at 28, size at 40.
    private const int StatusLength = 256;
    private const int AtCurrentDirectory = -100;
    private const uint TypeAndSize = 0x1 | 0x200;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;

    [LibraryImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);
}
