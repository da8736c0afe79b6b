using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>First walk-through: a password file, with and without anonymous clients (table 1.2 of Mosquitto's behaviour).</summary>
public sealed class PasswordFileTests : IDisposable
{
    private const string Passwd = "mosquitto_passwd";

    // "not authorised", of MQTT 3.1.1 and of MQTT 5.0: the tools end with it.
    private const int Refused = 5;
    private const int RefusedByVersion5 = 135;

    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>allow_anonymous, whether there is a password file, and who gets in: without a user name, with the right password, with a wrong one,
    /// a user that is not known, a user name without a password.</summary>
    [RequiresToolTheory(MosquittoClient.Pub, Passwd)]
    [InlineData(ToolSet.Mosquitto, "true", false, "anonymous right wrong unknown nopassword")]
    [InlineData(ToolSet.Mosquitto, "true", true, "anonymous right")]
    [InlineData(ToolSet.Mosquitto, "false", false, "")]
    [InlineData(ToolSet.Mosquitto, "false", true, "right")]
    [InlineData(ToolSet.Mosquitto, null, false, "")]
    [InlineData(ToolSet.Mosquitto, null, true, "right")]
    [InlineData(ToolSet.Nightjar, "true", false, "anonymous right wrong unknown nopassword")]
    [InlineData(ToolSet.Nightjar, "true", true, "anonymous right")]
    [InlineData(ToolSet.Nightjar, "false", false, "")]
    [InlineData(ToolSet.Nightjar, "false", true, "right")]
    [InlineData(ToolSet.Nightjar, null, false, "")]
    [InlineData(ToolSet.Nightjar, null, true, "right")]
    public async Task Clients_ByAnonymousAndPasswordFile_GetInAsTheTableSays(string maker, string? allowAnonymous, bool hasFile, string letIn)
    {
        var tools = new ToolSet(maker);
        await MakeFileAsync(tools);
        string configuration = (allowAnonymous is null ? "" : $"allow_anonymous {allowAnonymous}\n") + (hasFile ? $"password_file {_folder["passwords"]}\n" : "");
        await using BrokerProcess broker = await BrokerProcess.StartAsync(configuration);
        if (allowAnonymous != "true" && !hasFile)
            await broker.WaitForLogAsync("Nobody can connect to listener");

        foreach ((string who, string[] credentials) in new (string, string[])[]
        {
            ("anonymous", []),
            ("right", ["-u", "roger", "-P", "password"]),
            ("wrong", ["-u", "roger", "-P", "Password"]),
            ("unknown", ["-u", "rabbit", "-P", "password"]),
            ("nopassword", ["-u", "roger"]),
        })
        {
            ProcessResult result = await tools.PubAsync(["-h", "127.0.0.1", "-p", broker.PortText, "-i", who, "-t", "a", "-m", "b", .. credentials]);
            bool isLetIn = letIn.Split(' ').Contains(who);
            Assert.True(result.ExitCode == (isLetIn ? 0 : Refused), $"{who}: {result}");
            string userName = credentials.Length == 0 ? "" : credentials[1];
            if (isLetIn)
                await broker.WaitForLogAsync($" as {who} (p4, c1, k60{(userName.Length == 0 ? "" : $", u'{userName}'")}).");
            else
                await AssertRefusedAsync(broker, result, who, userName);
        }

        await broker.StopAsync();
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Tools_ThatAreRefused_SayItInTheWordsOfTheirVersion(string maker)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await BrokerProcess.StartAsync("allow_anonymous false\n");
        string[] common = ["-h", "127.0.0.1", "-p", broker.PortText, "-t", "a"];

        ProcessResult old = (await tools.PubAsync([.. common, "-m", "b"])).AssertExitCode(Refused);
        ProcessResult recent = (await tools.PubAsync([.. common, "-m", "b", "-V", "mqttv5"])).AssertExitCode(RefusedByVersion5);
        ProcessResult subscriber = (await tools.SubAsync([.. common, "-C", "1"])).AssertExitCode(Refused);

        Assert.Equal("Connection error: Connection Refused: not authorised.\nError: The connection was refused.", old.Errors);
        Assert.StartsWith("Connection error: Not authorized\n", recent.Errors, StringComparison.Ordinal);
        Assert.Equal("Connection error: Connection Refused: not authorised.", subscriber.Errors);
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub, Passwd)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Reload_OfAChangedFile_LetsInNewUsersAndDisconnectsThoseWhoseCredentialsAreGone(string maker)
    {
        var tools = new ToolSet(maker);
        await MakeFileAsync(tools);
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"password_file {_folder["passwords"]}\n");
        string[] common = ["-h", "127.0.0.1", "-p", broker.PortText, "-t", "a"];
        await using RunningProcess stays = await tools.StartSubAsync([.. common, "-i", "stays", "-u", "roger", "-P", "password"]);
        await using RunningProcess goes = await tools.StartSubAsync([.. common, "-i", "goes", "-V", "mqttv5", "-u", "sub_client", "-P", "password"]);
        await using RunningProcess changes = await tools.StartSubAsync([.. common, "-i", "changes", "-u", "pub_client", "-P", "password"]);

        (await tools.PasswdAsync("-D", _folder["passwords"], "sub_client")).AssertExitCode();
        (await tools.PasswdAsync("-b", _folder["passwords"], "pub_client", "another")).AssertExitCode();
        (await tools.PasswdAsync("-b", _folder["passwords"], "newcomer", "secret")).AssertExitCode();
        _folder.MakeReadable("passwords");
        Assert.EndsWith(" Config reloaded: 0 listeners opened, 0 closed, 2 clients disconnected.", await broker.ReloadAsync(), StringComparison.Ordinal);

        // MQTT 5.0 says that it was on purpose; who speaks 3.1.1 tries to come back, in vain.
        await goes.WaitForExitAsync();
        Assert.Equal(Refused, (await changes.WaitForExitAsync()).ExitCode);
        foreach (string clientId in new[] { "goes", "changes" })
            Assert.Contains("] disconnected: administrative action", await broker.WaitForLogAsync($"Client {clientId} [127.0.0.1:"), StringComparison.Ordinal);
        (await tools.PubAsync([.. common, "-u", "newcomer", "-P", "secret", "-m", "hello"])).AssertExitCode();
        await stays.WaitForLineAsync(line => line == "hello");
        Assert.Contains("Reloading config.", broker.Log, StringComparison.Ordinal);
    }

    [RequiresToolFact(MosquittoClient.Pub, Passwd)]
    public async Task Reload_OfABrokenFile_ChangesNothing()
    {
        var tools = new ToolSet(ToolSet.Mosquitto);
        await MakeFileAsync(tools);
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"password_file {_folder["passwords"]}\n");
        _folder.Write("passwords", "roger:$9$unknown\n");

        Assert.EndsWith(" The configuration was not reloaded; everything is as it was.", await broker.ReloadAsync(), StringComparison.Ordinal);

        Assert.Contains(_folder["passwords"], broker.Log, StringComparison.Ordinal);
        (await tools.PubAsync("-h", "127.0.0.1", "-p", broker.PortText, "-t", "a", "-m", "b", "-u", "roger", "-P", "password")).AssertExitCode();
    }

    private static async Task AssertRefusedAsync(BrokerProcess broker, ProcessResult result, string clientId, string userName)
    {
        Assert.Equal("Connection error: Connection Refused: not authorised.\nError: The connection was refused.", result.Errors);
        string line = await broker.WaitForLogAsync($"Client {clientId} [127.0.0.1:");
        Assert.EndsWith($"] authentication failed: user '{userName}'.", line, StringComparison.Ordinal);
    }

    // As Mosquitto ships it: three users with one password.
    private async Task MakeFileAsync(ToolSet tools)
    {
        (await tools.PasswdAsync("-c", "-b", _folder["passwords"], "roger", "password")).AssertExitCode();
        foreach (string user in new[] { "sub_client", "pub_client" }) (await tools.PasswdAsync("-b", _folder["passwords"], user, "password")).AssertExitCode();
        _folder.MakeReadable("passwords");
    }
}
