using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Transport.Files;

/// <summary>
/// Reads files that an administrator names, and nothing else that can stand under a name: opening a named pipe would wait for its other end,
/// and a device has no end.
/// </summary>
public static partial class RegularFile
{
    /// <summary>Largest file that is read unless the caller says otherwise, in bytes.</summary>
    public const int DefaultMaximum = 256 << 20;

    // struct statx of Linux has one layout on every architecture: uid at 20, mode at 28.
    private const int StatusLength = 256;
    private const int AtCurrentDirectory = -100;
    private const uint TypeModeAndOwner = 0x1 | 0x2 | 0x8;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>Reads a whole file. Links are followed.</summary>
    /// <param name="path">Name of the file.</param>
    /// <param name="maximum">Most bytes it may have.</param>
    /// <exception cref="IOException">It is not there, not a regular file, too large, or became shorter meanwhile: half a file does not pass for a whole one.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="ArgumentException">The name is empty or has a NUL.</exception>
    /// <remarks>Does not wait for anybody.</remarks>
    public static byte[] ReadAllBytes(string path, int maximum = DefaultMaximum) => ReadAllBytes(path, maximum, out _);

    /// <summary>The same, and who else may read the file and whose it is.</summary>
    public static byte[] ReadAllBytes(string path, int maximum, out FileAccessStatus? status)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        status = Look(path);
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(handle);
        if (length > maximum) throw new IOException($"It has {length} bytes; at most {maximum} are read.");
        var content = new byte[length];
        Fill(handle, content);
        return content;
    }

    /// <summary>Reads the beginning of a file, up to so many bytes.</summary>
    /// <exception cref="IOException">As <see cref="ReadAllBytes(string, int)"/>.</exception>
    public static byte[] ReadBeginning(string path, int maximum)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Look(path);
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[Math.Min(RandomAccess.GetLength(handle), maximum)];
        Fill(handle, content);
        return content;
    }

    /// <summary>Reads a file of text in UTF-8 or, with a byte order mark, UTF-16.</summary>
    /// <exception cref="IOException">As <see cref="ReadAllBytes(string, int)"/>.</exception>
    public static string ReadAllText(string path)
    {
        using var reader = new StreamReader(new MemoryStream(ReadAllBytes(path)), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    private static void Fill(SafeFileHandle handle, byte[] content)
    {
        var filled = 0;
        while (filled < content.Length)
        {
            var read = RandomAccess.Read(handle, content.AsSpan(filled), filled);
            if (read == 0) throw new IOException("It became shorter while it was read; write it to another file and rename that.");
            filled += read;
        }
    }

    // The kind of file is looked at before it is opened. What cannot be looked at cannot be opened either, and opening says why.
    private static FileAccessStatus? Look(string path)
    {
        if (!OperatingSystem.IsLinux()) return Directory.Exists(path) ? throw new IOException("It is a directory.") : null;
        Span<byte> status = stackalloc byte[StatusLength];
        status.Clear();
        if (Statx(AtCurrentDirectory, Encoding.UTF8.GetBytes(path + '\0'), 0, TypeModeAndOwner, status) != 0) return null;
        var mode = BitConverter.ToUInt16(status[28..]);
        if ((mode & TypeMask) != Regular) throw new IOException("It is not a regular file.");
        return new FileAccessStatus((mode & (int)UnixFileMode.OtherRead) != 0, BitConverter.ToUInt32(status[20..]));
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);
}
