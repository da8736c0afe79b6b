using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Broker.Security;

/// <summary>Reads files of passwords, rights and keys: regular files only, and with a warning when others can read them.</summary>
internal static partial class SecurityFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    internal const int MaximumLength = 256 << 20;

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file, or a symbolic link to it: secrets are mounted as links by some platforms.</param>
    /// <param name="kind">Mosquitto's word for it in messages: pwfile, acl_file, psk_file.</param>
    /// <param name="warnings">Who else can read it; empty when all is well.</param>
    /// <exception cref="SecurityFileException">It cannot be read, is not a regular file, or is too large.</exception>
    /// <remarks>Does not wait for the other end of a pipe.</remarks>
    internal static byte[] Read(string path, string kind, out IReadOnlyList<string> warnings)
    {
        warnings = [];
        try
        {
            if (OperatingSystem.IsLinux()) warnings = Look(path, kind);
            else if (Directory.Exists(path)) throw Refuse(path, kind, "It is a directory");
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return ReadAll(handle, path, kind);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw Refuse(path, kind, exception.Message.TrimEnd('.'));
        }
    }

    private static byte[] ReadAll(SafeFileHandle handle, string path, string kind)
    {
        var length = RandomAccess.GetLength(handle);
        if (length > MaximumLength) throw Refuse(path, kind, $"It has {length} bytes; at most {MaximumLength} are read");
        var content = new byte[length];
        var filled = 0;
        while (filled < content.Length)
        {
            var read = RandomAccess.Read(handle, content.AsSpan(filled), filled);
            // Somebody cuts it while it is read: half a file must not pass for a whole one.
            if (read == 0) throw Refuse(path, kind, "It became shorter while it was read; write it to another file and rename that");
            filled += read;
        }

        return content;
    }

    private static SecurityFileException Refuse(string path, string kind, string reason) => new($"Error: Unable to open {kind} \"{path}\". {reason}.");

    // Opening a pipe or a device would wait or do something else entirely, so the kind of file is looked at before it is opened.
    private static List<string> Look(string path, string kind)
    {
        List<string> warnings = [];
        Span<byte> status = stackalloc byte[StatusLength];
        status.Clear();
        if (Statx(AtCurrentDirectory, Encoding.UTF8.GetBytes(path + '\0'), 0, TypeModeAndOwner, status) != 0) return warnings;
        var mode = BitConverter.ToUInt16(status[28..]);
        if ((mode & TypeMask) != RegularFile) throw Refuse(path, kind, "It is not a regular file");
        if ((mode & (int)UnixFileMode.OtherRead) != 0)
            warnings.Add($"Warning: File {path} has world readable permissions. To fix this, use `chmod 0600 {path}`.");
        var owner = BitConverter.ToUInt32(status[20..]);
        if (owner != 0 && owner != GetEffectiveUserId())
            warnings.Add($"Warning: File {path} belongs to user id {owner}, who is neither root nor the one the broker runs as.");
        return warnings;
    }

    // struct statx of Linux has one layout on every architecture: uid at 20, mode at 28.
    private const int StatusLength = 256;
    private const int AtCurrentDirectory = -100;
    private const uint TypeModeAndOwner = 0x1 | 0x2 | 0x8;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    [LibraryImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUserId();
}
