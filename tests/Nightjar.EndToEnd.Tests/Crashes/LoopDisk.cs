using System.Diagnostics;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Crashes;

/// <summary>
/// An ext4 file system in a file, which root can make. It can turn read-only while files in it are open, as file systems do that find an error, and is
/// read-only then until it is mounted anew; the gentle way, a remount, is refused while somebody writes.
/// </summary>
internal sealed class LoopDisk : IAsyncDisposable
{
    private readonly string _image;

    private LoopDisk(string path)
    {
        Path = path;
        _image = path + ".img";
    }

    internal string Path { get; }

    /// <summary>Makes and mounts one.</summary>
    internal static async Task<LoopDisk> MountAsync(string path)
    {
        var disk = new LoopDisk(path);
        Directory.CreateDirectory(path);
        await using (var image = File.Create(disk._image)) image.SetLength(128 << 20);
        await RunAsync("mkfs.ext4", "-q", "-F", disk._image);
        await disk.MountAsync();
        return disk;
    }

    /// <summary>Why there can be none here; null when there can.</summary>
    internal static string? Obstacle()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root") return "only root can mount a file system";
        var folder = Directory.CreateTempSubdirectory("nightjar-loop-").FullName;
        var image = System.IO.Path.Combine(folder, "image");
        var point = System.IO.Path.Combine(folder, "point");
        try
        {
            Directory.CreateDirectory(point);
            using (var file = File.Create(image)) file.SetLength(2 << 20);
            if (!Succeeds("mkfs.ext4", "-q", "-F", image)) return "there is no mkfs.ext4";
            if (!Succeeds("mount", "-o", "loop", image, point)) return "files cannot be mounted here";
            return Succeeds("umount", point) ? null : "files cannot be unmounted here";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>As after an error in the file system: at once nothing in it can be written.</summary>
    internal void TurnReadOnly() => Assert.True(Succeeds("mount", "-o", "remount,abort", Path));

    /// <summary>What an administrator does: away with it, and mounted anew once nobody has a file of the old one open.</summary>
    internal async Task MountAnewAsync()
    {
        await RunAsync("umount", "-l", Path);
        string users;
        var end = Environment.TickCount64 + (long)Nightjar.Testing.Wait.Guard.TotalMilliseconds;
        while ((users = (await ProcessRunner.RunAsync("losetup", ["-j", _image])).AssertExitCode(0).Output).Length > 0) Assert.True(Environment.TickCount64 < end, users);
        await MountAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "-l", Path);
        File.Delete(_image);
    }

    private Task MountAsync() => RunAsync("mount", "-o", "loop", _image, Path);

    private static bool Succeeds(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments) => (await ProcessRunner.RunAsync(program, arguments)).AssertExitCode(0);
}
