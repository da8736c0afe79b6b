using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Crashes;

/// <summary>A file system of a few megabytes in memory, which root can make; it is gone with its owner.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    internal string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Makes and mounts one.</summary>
    internal static async Task<SmallDisk> MountAsync(string path, string size)
    {
        Directory.CreateDirectory(path);
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path);
        return new SmallDisk(path);
    }

    /// <summary>Why there can be none here; null when there can.</summary>
    internal static string? Obstacle()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") return "only root can mount a small file system";
        var probe = Directory.CreateTempSubdirectory("nightjar-mount-").FullName;
        try
        {
            using var mount = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe]) { RedirectStandardError = true })!;
            mount.WaitForExit();
            if (mount.ExitCode != 0) return "file systems cannot be mounted here";
            using var unmount = System.Diagnostics.Process.Start("umount", [probe]);
            unmount.WaitForExit();
            return null;
        }
        finally
        {
            Directory.Delete(probe);
        }
    }

    /// <summary>Takes all the room that is left; again and again, if need be.</summary>
    internal void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true) filler.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives it back.</summary>
    internal void GiveBack() => File.Delete(Filler);

    internal Task GrowAsync(string size) => RunAsync("mount", "-o", $"remount,size={size}", Path);

    internal Task SetReadOnlyAsync() => RunAsync("mount", "-o", "remount,ro", Path);

    public async ValueTask DisposeAsync() => await RunAsync("umount", "-l", Path);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var result = await ProcessRunner.RunAsync(program, arguments);
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result.Errors}");
    }
}
