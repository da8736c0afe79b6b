using System.Runtime.InteropServices;
using Nightjar.Transport.Files;

namespace Nightjar.Broker.Security;

/// <summary>Reads files of passwords and rights: regular files only, and with a warning when others can read secrets.</summary>
internal static partial class SecurityFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    internal const int MaximumLength = RegularFile.DefaultMaximum;

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file, or a symbolic link to it: secrets are mounted as links by some platforms.</param>
    /// <param name="kind">Mosquitto's word for it in messages: pwfile, acl_file, psk_file.</param>
    /// <param name="warnings">Who else can read it; empty when all is well.</param>
    /// <exception cref="SecurityFileException">It cannot be read, is not a regular file, or is too large.</exception>
    /// <remarks>Does not wait for the other end of a pipe.</remarks>
    internal static byte[] Read(string path, string kind, out IReadOnlyList<string> warnings)
    {
        try
        {
            var content = RegularFile.ReadAllBytes(path, MaximumLength, out var status);
            warnings = status is { } found ? WarningsOf(path, found) : [];
            return content;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new SecurityFileException($"Error: Unable to open {kind} \"{path}\". {exception.Message.TrimEnd('.')}.");
        }
    }

    private static List<string> WarningsOf(string path, FileAccessStatus status)
    {
        List<string> warnings = [];
        if (status.IsWorldReadable)
            warnings.Add($"Warning: File {path} has world readable permissions. To fix this, use `chmod 0600 {path}`.");
        if (status.Owner != 0 && status.Owner != GetEffectiveUserId())
            warnings.Add($"Warning: File {path} belongs to user id {status.Owner}, who is neither root nor the one the broker runs as.");
        return warnings;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUserId();
}
