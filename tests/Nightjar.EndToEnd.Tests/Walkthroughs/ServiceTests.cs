using System.Globalization;
using System.Runtime.Versioning;
using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>The broker as a service: who it runs as, its pid file, its log file, its signals.</summary>
[SupportedOSPlatform("linux")]
public sealed class ServiceTests : IDisposable
{
    private readonly PublicFolder _folder = new();

    private static bool IsRoot => Environment.UserName == "root";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Process_StartedAsRoot_GoesOnAsAnotherUser()
    {
        await using BrokerProcess broker = await BrokerProcess.StartAsync();
        string[] ids = StatusOf(broker.Process.Id, "Uid:");

        Assert.Single(ids.Distinct());
        if (!IsRoot)
        {
            Assert.Equal(StatusOf(Environment.ProcessId, "Uid:"), ids);
        }
        else if (CanBeReadByOthers(AppContext.BaseDirectory))
        {
            Assert.Equal(NumberOf("mosquitto") ?? NumberOf("nobody"), ids[0]);
            Assert.DoesNotContain("0", StatusOf(broker.Process.Id, "Gid:"));
            Assert.DoesNotContain("0", StatusOf(broker.Process.Id, "Groups:"));
            // What root could do is gone for good.
            Assert.Equal(["0000000000000000"], StatusOf(broker.Process.Id, "CapEff:"));
            Assert.Equal(["0000000000000000"], StatusOf(broker.Process.Id, "CapPrm:"));
        }
        else
        {
            Assert.Equal("0", ids[0]);
            await broker.WaitForLogAsync("Warning: Nightjar runs as root, because user '");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PidFile_WhileItRuns_HasTheNumberAndAfterwardsNone(bool isFolderWritable)
    {
        if (isFolderWritable) _folder.MakeWritable();
        string path = _folder["nightjar.pid"];
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"allow_anonymous true\npid_file {path}\n");

        Assert.Equal(broker.Process.Id.ToString(CultureInfo.InvariantCulture), (await File.ReadAllTextAsync(path)).Trim());
        await broker.StopAsync();

        // In a folder of root's, the user that it became can empty the file but not remove it.
        if (isFolderWritable || !IsRoot) Assert.False(File.Exists(path));
        else Assert.Equal("", File.Exists(path) ? await File.ReadAllTextAsync(path) : "");
    }

    [Fact]
    public async Task LogFile_AfterItWasMovedAwayAndSigrtmin_IsMadeAnew()
    {
        _folder.MakeWritable();
        string path = _folder["nightjar.log"];
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"allow_anonymous true\nlog_dest stderr\nlog_dest file {path}\n");
        await Wait.UntilAsync(() => File.ReadAllText(path).Contains(" running", StringComparison.Ordinal), "the log file");
        File.Move(path, path + ".1");

        broker.Process.Signal(SignalNumber.ReopenLog);
        await Wait.UntilAsync(() => File.Exists(path), "the new log file");
        (await new ToolSet(ToolSet.Nightjar).PubAsync("-h", "127.0.0.1", "-p", broker.PortText, "-i", "later", "-t", "a", "-m", "b")).AssertExitCode();

        await Wait.UntilAsync(() => File.ReadAllText(path).Contains(" as later ", StringComparison.Ordinal), "the line in the new log file");
        Assert.DoesNotContain(" as later ", await File.ReadAllTextAsync(path + ".1"), StringComparison.Ordinal);
        // A reload opens it too, as the user that the process has become.
        Assert.Contains(" Config reloaded: ", await broker.ReloadAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("Unable to open log file", broker.Log, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        await broker.StopAsync();
    }

    [RequiresToolFact(MosquittoClient.Sub)]
    public async Task Sigusr2_WithSubscribers_PrintsTheTreeOnTheStandardOutput()
    {
        await using BrokerProcess broker = await BrokerProcess.StartAsync();
        await using RunningProcess one = await new ToolSet(ToolSet.Mosquitto).StartSubAsync("-h", "127.0.0.1", "-p", broker.PortText, "-i", "one", "-q", "1", "-t", "home/+/switch");

        broker.Process.Signal(SignalNumber.PrintSubscriptions);
        await broker.Process.WaitForLineAsync(line => line.Contains("one", StringComparison.Ordinal) && !line.Contains(": ", StringComparison.Ordinal));

        string[] tree = [.. broker.Process.Output.Split('\n').Select(line => line.Trim())];
        Assert.Contains(tree, line => line.StartsWith("home", StringComparison.Ordinal));
        Assert.Contains(tree, line => line.StartsWith('+'));
        Assert.Contains(tree, line => line.StartsWith("switch", StringComparison.Ordinal) && line.Contains("one", StringComparison.Ordinal));
    }

    [RequiresToolFact(MosquittoClient.Sub)]
    public async Task Sigterm_WithClientsConnected_EndsWithZeroInTime()
    {
        var tools = new ToolSet(ToolSet.Mosquitto);
        await using BrokerProcess broker = await BrokerProcess.StartAsync();
        await using RunningProcess old = await tools.StartSubAsync("-h", "127.0.0.1", "-p", broker.PortText, "-t", "#");
        await using RunningProcess recent = await tools.StartSubAsync("-h", "127.0.0.1", "-p", broker.PortText, "-V", "mqttv5", "-t", "#");

        await broker.StopAsync();

        Assert.Contains(" terminating", broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TestConfig_OfAFileThatTheBrokersUserCannotRead_FailsAsAStartWould()
    {
        _folder.Write("passwords", "");
        File.SetUnixFileMode(_folder["passwords"], UnixFileMode.None);
        string configuration = _folder.Write("a.conf", $"listener 1883 127.0.0.1\npassword_file {_folder["passwords"]}\n");

        ProcessResult result = await BrokerProcess.RunAsync("-c", configuration, "--test-config");

        // Root reads everything, and a broker that stays root does as well.
        int expected = IsRoot && !CanBeReadByOthers(AppContext.BaseDirectory) ? 0 : 3;
        result.AssertExitCode(expected);
        Assert.Contains(expected == 0 ? "Configuration file is OK." : $"Error: Unable to open pwfile \"{_folder["passwords"]}\".", result.Errors, StringComparison.Ordinal);
    }

    private static string[] StatusOf(int process, string name) =>
        File.ReadLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..]
            .Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries);

    private static string? NumberOf(string user) =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields[0] == user)?[2];

    private static bool CanBeReadByOthers(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            if (!at.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) return false;
        }

        return true;
    }
}
