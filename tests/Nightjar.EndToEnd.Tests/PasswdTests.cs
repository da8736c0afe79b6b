using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests;

/// <summary><c>nightjar passwd</c> beside Debian's mosquitto_passwd and mosquitto, which read what it writes.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PasswdTests : IDisposable
{
    private const string Tool = "mosquitto_passwd";
    private const string Broker = "mosquitto";
    private const string Publisher = "mosquitto_pub";
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-").FullName;

    // The host is a project reference, so its build lies beside this assembly.
    private static string Host => Path.Combine(AppContext.BaseDirectory, "nightjar");

    private string FilePath => Path.Combine(_folder, "passwords");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [RequiresToolTheory(Tool)]
    [InlineData("-c", "-D", "FILE", "u")]
    [InlineData("-c", "-U", "FILE")]
    [InlineData("-D", "-U", "FILE")]
    [InlineData("-b", "-D", "FILE", "u")]
    [InlineData("-c")]
    [InlineData("-c", "-b", "FILE", "u")]
    [InlineData("-D", "FILE")]
    [InlineData("-U")]
    [InlineData("-H")]
    [InlineData("-I")]
    [InlineData("-H", "md5", "FILE", "u")]
    [InlineData("-I", "0", "FILE", "u")]
    [InlineData("-I", "x", "FILE", "u")]
    [InlineData("-b", "FILE", "a:b", "p")]
    [InlineData("-b", "FILE", "a\tb", "p")]
    [InlineData("-b", "MISSING/f", "u", "p")]
    [InlineData("-c", "-b", "MISSING/f", "u", "p")]
    [InlineData("-U", "MISSING/f")]
    [InlineData("-D", "FILE", "nobody")]
    public async Task Mistakes_OfBothTools_HaveTheSameMessageAndExitCode(params string[] arguments)
    {
        await File.WriteAllTextAsync(FilePath, "u:$7$101$oLCs8NE96MYS9AZ2$NwdIroQYX1IsqXWxW3uqfeyVEUoaL5ZbX64zCmBsovcBsHNpfpLKnpz8Firnc92LeL2a5mOQLGCLVQljWX8ZwA==\n");
        string[] args = [.. arguments.Select(text => text.Replace("FILE", FilePath, StringComparison.Ordinal).Replace("MISSING", Path.Combine(_folder, "missing"), StringComparison.Ordinal))];

        ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), args);
        ProcessResult ours = await BrokerProcess.RunAsync(["passwd", .. args]);

        Assert.Equal((theirs.ExitCode, theirs.Errors), (ours.ExitCode, ours.Errors));
    }

    [RequiresToolTheory(Tool)]
    [InlineData("one\none\n")]
    [InlineData("one\ntwo\n")]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Prompts_OfBothTools_AreTheSame(string input)
    {
        ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), ["-c", FilePath + "1", "u"], input);
        ProcessResult ours = await ProcessRunner.RunAsync(Host, ["passwd", "-I", "101", "-c", FilePath + "2", "u"], input);

        Assert.Equal((theirs.ExitCode, theirs.Errors), (ours.ExitCode, ours.Errors));
        // Mosquitto 2.1 says what it does; 2.0 does not yet.
        Assert.Equal(theirs.Output.TrimEnd(), ours.Output.Replace("Adding password for user u", "", StringComparison.Ordinal).TrimEnd());
        Assert.Equal(File.Exists(FilePath + "1"), File.Exists(FilePath + "2"));
    }

    [Fact]
    public async Task Link_OfMosquittosName_IsThatTool()
    {
        string link = Path.Combine(_folder, Tool);
        File.CreateSymbolicLink(link, Host);

        ProcessResult result = await ProcessRunner.RunAsync(link, ["-I", "5", "-c", "-b", FilePath, "u", "p"]);

        result.AssertExitCode();
        Assert.StartsWith("u:$7$5$", await File.ReadAllTextAsync(FilePath), StringComparison.Ordinal);
    }

    [RequiresToolFact(Tool)]
    public async Task Files_OfMosquittosTool_AreEditedByOurs()
    {
        string tool = ExternalTool.Require(Tool);
        (await ProcessRunner.RunAsync(tool, ["-c", "-b", FilePath, "a", "1"])).AssertExitCode();
        (await ProcessRunner.RunAsync(tool, ["-H", "sha512", "-b", FilePath, "b", "2"])).AssertExitCode();
        string before = await File.ReadAllTextAsync(FilePath);

        (await BrokerProcess.RunAsync("passwd", "-U", FilePath)).AssertExitCode();
        Assert.Equal(before, await File.ReadAllTextAsync(FilePath));
        (await BrokerProcess.RunAsync("passwd", "-I", "5", "-b", FilePath, "c", "3")).AssertExitCode();
        (await ProcessRunner.RunAsync(tool, ["-D", FilePath, "a"])).AssertExitCode();

        Assert.Equal(["b", "c"], File.ReadLines(FilePath).Select(line => line.Split(':')[0]));
    }

    [RequiresToolFact(Broker, Publisher)]
    public async Task Files_OfOurs_LetInTheRightClientsOfMosquitto()
    {
        await File.WriteAllTextAsync(FilePath, "# comment\nplain:text\n");
        (await BrokerProcess.RunAsync("passwd", "-U", FilePath)).AssertExitCode();
        (await BrokerProcess.RunAsync("passwd", "-b", FilePath, "pbkdf2", "größe")).AssertExitCode();
        (await BrokerProcess.RunAsync("passwd", "-H", "sha512", "-b", FilePath, "sha512", "pass word")).AssertExitCode();
        (await BrokerProcess.RunAsync("passwd", "-b", FilePath, "gone", "x")).AssertExitCode();
        (await BrokerProcess.RunAsync("passwd", "-D", FilePath, "gone")).AssertExitCode();
        // Mosquitto gives up root, and must be able to read the file then.
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(FilePath, File.GetUnixFileMode(FilePath) | UnixFileMode.OtherRead);

        string port = FreePort();
        string configuration = Path.Combine(_folder, "mosquitto.conf");
        await File.WriteAllTextAsync(configuration, $"listener {port} 127.0.0.1\npassword_file {FilePath}\n");
        await using RunningProcess mosquitto = RunningProcess.Start(ExternalTool.Require(Broker), ["-c", configuration, "-v"]);
        await mosquitto.WaitForLineAsync(line => line.EndsWith(" running", StringComparison.Ordinal));
        Assert.DoesNotContain("removing entry", mosquitto.Errors, StringComparison.Ordinal);

        Assert.Equal(0, await PublishAsync(port, "plain", "text"));
        Assert.Equal(0, await PublishAsync(port, "pbkdf2", "größe"));
        Assert.Equal(0, await PublishAsync(port, "sha512", "pass word"));
        Assert.Equal(5, await PublishAsync(port, "pbkdf2", "grösse"));
        Assert.Equal(5, await PublishAsync(port, "gone", "x"));
    }

    private static async Task<int> PublishAsync(string port, string userName, string password) =>
        (await ProcessRunner.RunAsync(
            ExternalTool.Require(Publisher), ["-h", "127.0.0.1", "-p", port, "-u", userName, "-P", password, "-t", "t", "-m", "m"])).ExitCode;

    private static string FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }
}
