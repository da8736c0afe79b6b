using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>The files of <c>config/</c>, loaded by a broker.</summary>
public sealed class ExampleFileTests : IDisposable
{
    // Debian's own, as it comes with the broker.
    private const string DebiansConfiguration = "/etc/mosquitto/mosquitto.conf";

    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresToolTheory(MosquittoClient.Pub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task PasswordAndAclFile_LetInTheirUsers(string maker)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"password_file {Copy("pwfile.example")}\nacl_file {Copy("aclfile.example")}\n");
        string[] publish = ["-h", "127.0.0.1", "-p", broker.PortText, "-V", "mqttv5", "-q", "1", "-m", "x"];

        foreach (string user in new[] { "roger", "sub_client", "pub_client" })
        {
            Assert.Equal("", (await tools.PubAsync([.. publish, "-u", user, "-P", "password", "-t", $"users/{user}/data"])).AssertExitCode().Errors.Replace("Warning: Publish 1 failed: No matching subscribers.", "", StringComparison.Ordinal));
            (await tools.PubAsync([.. publish, "-u", user, "-P", "Password", "-t", "a"])).AssertExitCode(135);
        }

        Assert.Equal("Warning: Publish 1 failed: Not authorized.", (await tools.PubAsync([.. publish, "-u", "roger", "-P", "password", "-t", "home/safe/door"])).AssertExitCode().Errors);
    }

    [RequiresToolFact(MosquittoClient.Pub)]
    public async Task KeyFile_LetsInItsIdentities()
    {
        string path = Copy("pskfile.example");
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"psk_hint example\npsk_file {path}\nuse_identity_as_username true\n");
        string[][] keys = [.. File.ReadLines(path).Where(line => !line.StartsWith('#')).Select(line => line.Split(':'))];

        Assert.Equal(["sensor", "wallboard"], keys.Select(key => key[0]));
        foreach (string[] key in keys)
            (await new ToolSet(ToolSet.Mosquitto).PubAsync("-h", "127.0.0.1", "-p", broker.PortText, "--psk-identity", key[0], "--psk", key[1], "-t", "a", "-m", "b")).AssertExitCode();
    }

    [Fact]
    public async Task Configuration_IsOk()
    {
        ProcessResult result = (await BrokerProcess.RunAsync("-c", Copy("nightjar.conf"), "--test-config")).AssertExitCode();
        Assert.EndsWith(": Configuration file is OK.", result.Errors, StringComparison.Ordinal);
    }

    [RequiresToolFact("mosquitto")]
    public async Task Configuration_OfDebiansMosquitto_IsTaken()
    {
        ProcessResult result = (await BrokerProcess.RunAsync("-c", DebiansConfiguration, "--test-config")).AssertExitCode();
        Assert.EndsWith(": Configuration file is OK.", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServiceUnit_StartsAndReloadsAsOurExecutableDoes()
    {
        Dictionary<string, string> settings = File.ReadLines(Copy("nightjar.service"))
            .Where(line => line.Length > 0 && !line.StartsWith('#') && !line.StartsWith('['))
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

        Assert.Equal("/bin/kill -HUP $MAINPID", settings["ExecReload"]);
        // A stop may take ten seconds.
        Assert.True(int.Parse(settings["TimeoutStopSec"], System.Globalization.CultureInfo.InvariantCulture) > BrokerProcess.StopTimeout.TotalSeconds);
        const string Configuration = "/etc/nightjar/nightjar.conf";
        Assert.Equal($"/usr/lib/nightjar/nightjar -c {Configuration}", settings["ExecStart"]);
        string[] check = settings["ExecStartPre"].Replace(Configuration, Copy("nightjar.conf"), StringComparison.Ordinal).Split(' ')[1..];
        (await BrokerProcess.RunAsync(check)).AssertExitCode();
    }

    [RequiresToolFact("systemd-analyze")]
    public async Task ServiceUnit_IsTakenBySystemd()
    {
        // It looks for the program, which is not installed here.
        string unit = _folder.Write("nightjar.service", File.ReadAllText(Copy("nightjar.service")).Replace("/usr/lib/nightjar/nightjar ", "/bin/true ", StringComparison.Ordinal));
        ProcessResult result = await ProcessRunner.RunAsync(ExternalTool.Require("systemd-analyze"), ["verify", "--man=no", unit]);
        Assert.DoesNotContain("nightjar.service", result.Errors, StringComparison.Ordinal);
    }

    private string Copy(string name) => _folder.Write(name, File.ReadAllText(Path.Combine(RepositoryTree.Root, "config", name)));
}
