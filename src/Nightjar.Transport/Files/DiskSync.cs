using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Transport.Files;

/// <summary>Brings files and folders to the disk, and says when the disk does not take them: <c>FileStream.Flush(true)</c> passes over that (EIO) in silence.</summary>
public static partial class DiskSync
{
    private const int InvalidArgument = 22;

    /// <summary>Writes what a stream still holds and waits until its file is on the disk.</summary>
    /// <exception cref="IOException">It is not.</exception>
    public static void Flush(FileStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Flush(flushToDisk: OperatingSystem.IsWindows());
        if (OperatingSystem.IsWindows()) return;
        if (ErrorOf(stream.SafeFileHandle) is { } error) throw new IOException($"The file {stream.Name} cannot be brought to the disk (error {error}).");
    }

    /// <summary>Waits until the folder of a file is on the disk: without that a loss of power could undo that the file was made or renamed.</summary>
    /// <exception cref="IOException">It is not, or cannot be opened.</exception>
    public static void FlushFolderOf(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        using var handle = OpenFolder(folder, 0);
        if (handle.IsInvalid) throw new IOException($"The folder {folder} cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        if (ErrorOf(handle) is { } error) throw new IOException($"The folder {folder} cannot be brought to the disk (error {error}).");
    }

    // Some file systems have nothing to be synced for a folder or a special file, and say so.
    private static int? ErrorOf(SafeFileHandle handle) => Sync(handle) != 0 && Marshal.GetLastPInvokeError() is not InvalidArgument and var error ? error : null;

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(SafeFileHandle handle);
}
