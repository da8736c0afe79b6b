using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>Third walk-through: an ACL file with topics for anybody, for users, patterns, users that only read, and addresses.</summary>
public sealed class AccessListTests : IDisposable
{
    private const string Rules = """
        # Anybody
        topic read public/#

        user roger
        topic readwrite home/#
        topic deny home/safe/#

        user wallboard
        topic read home/+/temperature

        pattern readwrite clients/%c/#
        pattern write users/%u/data

        """;

    // The last line that every observer waits for.
    private const string End = "end";

    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Publishers_WithUserTopicAndPatternLines_WriteWhatTheirsAllow(string maker)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await StartAsync(Rules);
        await using RunningProcess admin = await ObserveAsync(tools, broker, "admin");

        foreach ((string user, string topic) in new[]
        {
            ("", "public/a"), ("", "home/kitchen/switch"), ("", "clients/anon/x"), ("", "users//data"),
            ("roger", "home/kitchen/switch"), ("roger", "home/safe/door"), ("roger", "public/a"), ("roger", "clients/roger/x"), ("roger", "clients/other/x"),
            ("roger", "users/roger/data"), ("roger", "users/wallboard/data"), ("roger", "pre-roger"),
            ("wallboard", "home/kitchen/temperature"), ("wallboard", "users/wallboard/data"),
        })
        {
            // Mosquitto and MQTT 3.1.1: what is not allowed is acknowledged and dropped.
            (await tools.PubAsync([.. Client(broker, user), "-q", "1", "-t", topic, "-m", user])).AssertExitCode();
        }

        Assert.Equal(
            ["clients/anon/x ", "home/kitchen/switch roger", "clients/roger/x roger", "users/roger/data roger", "users/wallboard/data wallboard"],
            await SeenAsync(admin, tools, broker));
        Assert.Contains("Denied PUBLISH from wallboard (d0, q1, r0, m1, 'home/kitchen/temperature', ... (9 bytes))", broker.Log, StringComparison.Ordinal);
    }

    [RequiresToolTheory(MosquittoClient.Pub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task PublishDenied_InVersion5_IsSaidToTheClient(string maker)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await StartAsync(Rules);

        ProcessResult result = await tools.PubAsync([.. Client(broker, "wallboard"), "-V", "mqttv5", "-q", "1", "-t", "home/kitchen/temperature", "-m", "x"]);

        Assert.Equal("Warning: Publish 1 failed: Not authorized.", result.AssertExitCode().Errors);
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Subscribers_WithUserTopicAndPatternLines_GetWhatTheirsAllow(string maker)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await StartAsync(Rules);
        await using RunningProcess anybody = await ObserveAsync(tools, broker, "");
        await using RunningProcess roger = await ObserveAsync(tools, broker, "roger");
        await using RunningProcess wallboard = await ObserveAsync(tools, broker, "wallboard");

        foreach (string topic in new[] { "public/a", "home/kitchen/temperature", "home/kitchen/humidity", "home/safe/door", "clients/roger/x", "clients/wallboard/x", "users/roger/data" })
            (await tools.PubAsync([.. Client(broker, "admin"), "-t", topic, "-m", "m"])).AssertExitCode();

        // Each has a corner of its own, where the last message goes.
        Assert.Equal(["public/a m"], await SeenAsync(anybody, tools, broker, "clients/anon/"));
        Assert.Equal(["home/kitchen/temperature m", "home/kitchen/humidity m", "clients/roger/x m"], await SeenAsync(roger, tools, broker, "clients/roger/"));
        Assert.Equal(["home/kitchen/temperature m", "clients/wallboard/x m"], await SeenAsync(wallboard, tools, broker, "clients/wallboard/"));
    }

    [RequiresToolTheory(MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto, "", 0)]
    [InlineData(ToolSet.Mosquitto, "compat_mode strict\n", 27)]
    [InlineData(ToolSet.Nightjar, "", 0)]
    [InlineData(ToolSet.Nightjar, "compat_mode strict\n", 27)]
    public async Task Subscription_ThatNothingCanComeThrough_IsRefusedUnlessStrict(string maker, string mode, int exitCode)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await StartAsync(Rules, mode);

        ProcessResult result = await tools.SubAsync([.. Client(broker, "wallboard"), "-t", "home/safe/door", "-W", "1"]);

        result.AssertExitCode(exitCode);
        Assert.Equal(exitCode == 0 ? "All subscription requests were denied." : "Timed out", result.Errors);
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Reload_OfOtherLines_JudgesConnectedClientsAtOnce(string maker)
    {
        var tools = new ToolSet(maker);
        await using BrokerProcess broker = await StartAsync(Rules);
        await using RunningProcess roger = await ObserveAsync(tools, broker, "roger");
        (await tools.PubAsync([.. Client(broker, "admin"), "-t", "home/before", "-m", "m"])).AssertExitCode();
        await roger.WaitForLineAsync(line => line == ">home/before m");

        _folder.Write("acl", Rules.Replace("readwrite home/#", "readwrite garden/#", StringComparison.Ordinal) + AdminLines);
        Assert.EndsWith(" Config reloaded: 0 listeners opened, 0 closed, 0 clients disconnected.", await broker.ReloadAsync(), StringComparison.Ordinal);

        (await tools.PubAsync([.. Client(broker, "admin"), "-t", "home/after", "-m", "m"])).AssertExitCode();
        (await tools.PubAsync([.. Client(broker, "admin"), "-t", "garden/after", "-m", "m"])).AssertExitCode();
        Assert.Equal(["home/before m", "garden/after m"], await SeenAsync(roger, tools, broker, "clients/roger/"));
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task AddressLines_ScopeWhatFollowsToTheClientsAddress(string maker)
    {
        var tools = new ToolSet(maker);
        const string Lines = "user roger\naddress 127.0.0.0/8\ntopic write from/here\naddress 10.0.0.0/8\ntopic write from/elsewhere\naddress any\ntopic write from/anywhere\n";
        await using BrokerProcess broker = await StartAsync(Lines);
        await using RunningProcess admin = await ObserveAsync(tools, broker, "admin");

        foreach (string topic in new[] { "from/here", "from/elsewhere", "from/anywhere" })
            (await tools.PubAsync([.. Client(broker, "roger"), "-q", "1", "-t", topic, "-m", "m"])).AssertExitCode();

        Assert.Equal(["from/here m", "from/anywhere m"], await SeenAsync(admin, tools, broker));
    }

    [Fact]
    public async Task AddressLines_InStrictMode_AreAnErrorAsInMosquitto()
    {
        string acl = _folder.Write("acl", "user roger\naddress 127.0.0.0/8\ntopic write a\n");
        string configuration = _folder.Write("strict.conf", $"listener 1883 127.0.0.1\nacl_file {acl}\ncompat_mode strict\n");

        ProcessResult result = (await BrokerProcess.RunAsync("-c", configuration, "--test-config")).AssertExitCode(3);

        Assert.Contains($"Error: Invalid line in acl_file \"{acl}\": address", result.Errors, StringComparison.Ordinal);
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task EmptyFile_DeniesEverything(string maker)
    {
        var tools = new ToolSet(maker);
        _folder.Write("acl", "");
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"allow_anonymous true\nacl_file {_folder["acl"]}\n");

        ProcessResult publish = await tools.PubAsync([.. Client(broker, ""), "-V", "mqttv5", "-q", "1", "-t", "a", "-m", "b"]);
        ProcessResult subscribe = await tools.SubAsync([.. Client(broker, ""), "-t", "#", "-W", "20"]);

        Assert.Equal("Warning: Publish 1 failed: Not authorized.", publish.AssertExitCode().Errors);
        Assert.Equal("All subscription requests were denied.", subscribe.AssertExitCode().Errors);
    }

    private const string AdminLines = "user admin\ntopic readwrite #\n";

    // Anonymous and named users alike: without a password file, a user name is what its client says.
    private Task<BrokerProcess> StartAsync(string rules, string mode = "")
    {
        _folder.Write("acl", rules + AdminLines);
        return BrokerProcess.StartAsync($"allow_anonymous true\nacl_file {_folder["acl"]}\nlog_type all\n{mode}");
    }

    // The client id is the user's name.
    private static string[] Client(BrokerProcess broker, string user) =>
        ["-h", "127.0.0.1", "-p", broker.PortText, "-i", user.Length == 0 ? "anon" : user, .. user.Length == 0 ? Array.Empty<string>() : ["-u", user]];

    private static Task<RunningProcess> ObserveAsync(ToolSet tools, BrokerProcess broker, string user) =>
        tools.StartSubAsync([.. Client(broker, user), "-q", "1", "-t", "#", "-F", ">%t %p"]);

    // What an observer got until now, in order.
    private static async Task<string[]> SeenAsync(RunningProcess observer, ToolSet tools, BrokerProcess broker, string corner = "")
    {
        (await tools.PubAsync([.. Client(broker, "admin")[..4], "-i", "last", "-u", "admin", "-q", "1", "-t", corner + End, "-m", "m"])).AssertExitCode();
        await observer.WaitForLineAsync(line => line == $">{corner}{End} m");
        return [.. observer.Output.Split('\n').Where(line => line.StartsWith('>')).Select(line => line[1..]).TakeWhile(line => line != $"{corner}{End} m")];
    }
}
