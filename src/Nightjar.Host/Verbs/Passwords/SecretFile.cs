using System.Security.Cryptography;
using Nightjar.Host.Processes;
using Nightjar.Transport.Files;

namespace Nightjar.Host.Verbs.Passwords;

/// <summary>
/// Replaces a file of secrets as a whole: a broker that reads it at the same moment sees the old one or the new one. Owner, group and mode stay; a
/// new file is readable by its owner only, who is the broker's user when root makes it. Symbolic links are followed and stay.
/// </summary>
internal static class SecretFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads a file.</summary>
    /// <exception cref="SecretFileException">It cannot be read.</exception>
    internal static byte[] Read(string path)
    {
        try
        {
            if (!IsRegular(path, out _)) throw new SecretFileException($"Error: Unable to open password file {path}. It is not a regular file.");
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
                DiskSync.Flush(created);
                Privileges.GiveToBroker(path);
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SecretFileException($"Error: Unable to open file {path} for writing. {Reason(exception)}.");
        }

        if (!IsRegular(path, out var owner)) throw new SecretFileException($"Error: Unable to open file {path} for writing. It is not a regular file.");
        var backup = Backup(path);
        Replace(path, content, backup, owner);
        // It may contain passwords that were to go.
        File.Delete(backup);
    }

    /// <summary>Has a file replaced by somebody else; owner, group and mode stay.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Replaces it, or leaves it.</param>
    /// <exception cref="IOException">It is not there.</exception>
    internal static void KeepOwner(string path, Action replace)
    {
        var owner = FileOwner.Of(path);
        var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
        replace();
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
        owner?.TryGive(path);
    }

    private static string Backup(string path)
    {
        var backup = NameBeside(path, "backup");
        try
        {
            using var copy = new FileStream(backup, Options(FileMode.CreateNew));
            copy.Write(File.ReadAllBytes(path));
            DiskSync.Flush(copy);
            return backup;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(backup);
            throw new SecretFileException($"Error creating backup password file \"{backup}\", not continuing.");
        }
    }

    private static void Replace(string path, byte[] content, string backup, FileOwner? owner)
    {
        var temporary = NameBeside(path, "tmp");
        try
        {
            using (var stream = new FileStream(temporary, Options(FileMode.CreateNew)))
            {
                stream.Write(content);
                DiskSync.Flush(stream);
            }

            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(path));
            // Only root may give a file away: without that the old file is kept and its content changed.
            if (owner?.TryGive(temporary) != false) File.Move(temporary, path, overwrite: true);
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

    // What cannot be looked at cannot be opened either, and opening says why.
    private static bool IsRegular(string path, out FileOwner? owner)
    {
        owner = FileOwner.Of(path);
        return OperatingSystem.IsLinux() ? owner is not { IsRegular: false } : !Directory.Exists(path);
    }
}
