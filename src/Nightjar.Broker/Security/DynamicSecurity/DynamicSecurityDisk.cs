using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// The file on disk. The new content goes to a file beside it, with mode 0600, is brought to the disk and takes the place of the old one by a rename, and the folder is brought to
/// the disk as well: without that a loss of power could undo the rename.
/// </summary>
/// <param name="path">The file; where it is a symbolic link the file it points to is replaced and the link stays.</param>
internal sealed partial class DynamicSecurityDisk(string path) : IDynamicSecurityStorage
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int InvalidArgument = 22;

    /// <summary>Name of the file.</summary>
    internal string Path => path;

    /// <inheritdoc/>
    public DynamicSecurityFile Read() => DynamicSecurityFile.Load(path);

    /// <inheritdoc/>
    public void Replace(DynamicSecurityState state) => Replace(path, OwnerOnly, stream => DynamicSecurityFileWriter.Write(state, stream));

    /// <summary>Makes a file that is not there yet.</summary>
    /// <exception cref="IOException">It is there, or cannot be made.</exception>
    internal static void Create(string path, UnixFileMode mode, ReadOnlySpan<byte> content)
    {
        var stream = new FileStream(path, Options(mode));
        // From here on it is ours: half a file is worse than none.
        try
        {
            using (stream)
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(path);
            throw;
        }

        SyncFolderOf(path);
    }

    private static void Replace(string path, UnixFileMode mode, Action<Stream> write)
    {
        path = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var temporary = path + ".new";
        try
        {
            // What a crash left behind; a new file is made so that nobody else can have it open.
            File.Delete(temporary);
            using (var stream = new FileStream(temporary, Options(mode)))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw;
        }

        SyncFolderOf(path);
    }

    // The writer hands over pieces of 64 KiB; another buffer would only copy them.
    private static FileStreamOptions Options(UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        return options;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What led here is what the user has to know; the next write deletes it.
        }
    }

    private static void SyncFolderOf(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? "/";
        using var handle = OpenFolder(folder, 0);
        if (handle.IsInvalid) throw new IOException($"The folder {folder} cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        // Some file systems have nothing to be synced for a folder and say so.
        if (Sync(handle) != 0 && Marshal.GetLastPInvokeError() is not InvalidArgument and var error)
            throw new IOException($"The folder {folder} cannot be brought to the disk (error {error}).");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(SafeFileHandle handle);
}
