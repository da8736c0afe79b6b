using System.Globalization;
using System.Runtime.Versioning;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests;

/// <summary>Started as root the broker is soon somebody else, for good, and his files are not root's to be led astray by.</summary>
/// <remarks>Nothing to see for whoever is not root, or has built where others cannot read.</remarks>
[SupportedOSPlatform("linux")]
public sealed class PrivilegesTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nightjar-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Broker_OfAnotherUser_HasNoWayBackAndOpensItsLogAnew()
    {
        if (!IsPossible()) return;
        OpenToOthers();
        string log = Path.Combine(_directory.FullName, "nj.log");
        string pid = Path.Combine(_directory.FullName, "nj.pid");
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"allow_anonymous true\nuser nobody\npid_file {pid}\nlog_dest stderr\nlog_dest file {log}\n");

        string id = broker.Process.Id.ToString(CultureInfo.InvariantCulture);
        foreach (string task in Directory.GetDirectories($"/proc/{id}/task"))
        {
            string[] users = (await File.ReadAllLinesAsync(Path.Combine(task, "status"))).Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1..];
            Assert.DoesNotContain("0", users);
        }

        // The folder is root's, so that the files were made by him, and given away.
        Assert.Equal(id, (await File.ReadAllTextAsync(pid)).Trim());
        (await ProcessRunner.RunAsync("kill", ["-HUP", id])).AssertExitCode(0);
        await broker.Process.WaitForLineAsync(line => line.Contains("Config reloaded", StringComparison.Ordinal));
        await broker.StopAsync();
        Assert.DoesNotContain("Unable to open log file", broker.Log, StringComparison.Ordinal);
        Assert.Contains("terminating", await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        Assert.Empty(await File.ReadAllTextAsync(pid));
    }

    [Fact]
    public async Task Broker_ThatFindsLinksInAFolderOfItsUser_DoesNotWriteWhereTheyLead()
    {
        if (!IsPossible()) return;
        OpenToOthers();
        string victim = Path.Combine(_directory.FullName, "victim");
        await File.WriteAllTextAsync(victim, "precious");
        File.SetUnixFileMode(victim, OwnerOnly);
        string folder = _directory.CreateSubdirectory("run").FullName;
        foreach (string name in (string[])["nj.pid", "nj.log"]) File.CreateSymbolicLink(Path.Combine(folder, name), victim);
        (await ProcessRunner.RunAsync("chown", ["nobody", folder])).AssertExitCode(0);

        await using BrokerProcess broker = await BrokerProcess.StartAsync(
            $"allow_anonymous true\nuser nobody\npid_file {folder}/nj.pid\nlog_dest stderr\nlog_dest file {folder}/nj.log\n");
        await broker.StopAsync();

        Assert.Equal("precious", await File.ReadAllTextAsync(victim));
        Assert.Contains("Unable to open log file", broker.Log, StringComparison.Ordinal);
    }

    private void OpenToOthers() =>
        File.SetUnixFileMode(_directory.FullName, File.GetUnixFileMode(_directory.FullName) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);

    private static bool IsPossible()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return false;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) return false;
        }

        return true;
    }
}
