using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Nightjar.Host.Processes;

namespace Nightjar.Host.Verbs.Passwords;

/// <summary>
/// Replaces a file of secrets as a whole: a broker that reads it at the same moment sees the old one or the new one. Owner, group and mode stay; a
/// new file is readable by its owner only, who is the broker's user when root makes it. Symbolic links are followed and stay.
/// </summary>
internal static partial class SecretFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads a file.</summary>
    /// <exception cref="SecretFileException">It cannot be read.</exception>
    internal static byte[] Read(string path)
    {
        try
        {
            if (!IsRegular(path, out _, out _)) throw new SecretFileException($"Error: Unable to open password file {path}. It is not a regular file.");
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SecretFileException($"Error: Unable to open password file {path}. {Reason(exception)}.");
        }
    }

    /// <summary>Writes a file, made anew or replaced.</summary>
    /// <exception cref="SecretFileException">It cannot be written; the old one is as it was, or the message says where its copy is.</exception>
    internal static void Write(string path, byte[] content)
    {
        try
        {
            var target = new FileInfo(path).LinkTarget is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true);
            path = target?.FullName ?? path;
            if (!File.Exists(path) && !Directory.Exists(path))
            {
                using var created = new FileStream(path, Options(FileMode.CreateNew));
                created.Write(content);
                created.Flush(flushToDisk: true);
                Privileges.GiveToBroker(path);
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SecretFileException($"Error: Unable to open file {path} for writing. {Reason(exception)}.");
        }

        if (!IsRegular(path, out var user, out var group)) throw new SecretFileException($"Error: Unable to open file {path} for writing. It is not a regular file.");
        var backup = Backup(path);
        Replace(path, content, backup, user, group);
        // It may contain passwords that were to go.
        File.Delete(backup);
    }

    /// <summary>Has a file replaced by somebody else; owner, group and mode stay.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Replaces it, or leaves it.</param>
    /// <exception cref="IOException">It is not there.</exception>
    internal static void KeepOwner(string path, Action replace)
    {
        IsRegular(path, out var user, out var group);
        var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
        replace();
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
        TrySetOwner(path, user, group);
    }

    private static string Backup(string path)
    {
        var backup = NameBeside(path, "backup");
        try
        {
            using var copy = new FileStream(backup, Options(FileMode.CreateNew));
            copy.Write(File.ReadAllBytes(path));
            copy.Flush(flushToDisk: true);
            return backup;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(backup);
            throw new SecretFileException($"Error creating backup password file \"{backup}\", not continuing.");
        }
    }

    private static void Replace(string path, byte[] content, string backup, uint user, uint group)
    {
        var temporary = NameBeside(path, "tmp");
        try
        {
            using (var stream = new FileStream(temporary, Options(FileMode.CreateNew)))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
            // Only root may give a file away: without that the old file is kept and its content changed.
            if (TrySetOwner(temporary, user, group)) File.Move(temporary, path, overwrite: true);
            else File.WriteAllBytes(path, content);
            TryDelete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new SecretFileException($"Error occurred updating password file. {Reason(exception)}.{Environment.NewLine}Password file may be corrupt, check the backup file: {backup}.");
        }
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return options;
    }

    private static string NameBeside(string path, string kind) => $"{path}.{kind}.{RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 6)}";

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What led here is what the user has to know.
        }
    }

    // The words of the C library, which mosquitto_passwd prints.
    private static string Reason(Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        _ => exception.Message.TrimEnd('.'),
    };

    // struct statx of Linux has one layout on every architecture: uid at 20, gid at 24, mode at 28.
    private static bool IsRegular(string path, out uint user, out uint group)
    {
        user = group = uint.MaxValue;
        if (!OperatingSystem.IsLinux()) return !Directory.Exists(path);
        Span<byte> status = stackalloc byte[256];
        status.Clear();
        if (Statx(-100, Encoding.UTF8.GetBytes(path + '\0'), 0, 0x1 | 0x2 | 0x8 | 0x10, status) != 0) return true;
        user = BitConverter.ToUInt32(status[20..]);
        group = BitConverter.ToUInt32(status[24..]);
        return (BitConverter.ToUInt16(status[28..]) & 0xF000) == 0x8000;
    }

    private static bool TrySetOwner(string path, uint user, uint group)
    {
        if (!OperatingSystem.IsLinux() || user == uint.MaxValue) return true;
        IsRegular(path, out var ourUser, out var ourGroup);
        return (user == ourUser && group == ourGroup) || ChangeOwner(Encoding.UTF8.GetBytes(path + '\0'), user, group) == 0;
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "chown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(ReadOnlySpan<byte> path, uint user, uint group);
}
