using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Clients;

/// <summary>What a new user tries first, with Debian's mosquitto-clients.</summary>
public sealed class MosquittoClientTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private readonly string _name = Guid.NewGuid().ToString("N")[..12];

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("mqttv31", 0)]
    [InlineData("mqttv31", 1)]
    [InlineData("mqttv31", 2)]
    [InlineData("mqttv311", 0)]
    [InlineData("mqttv311", 1)]
    [InlineData("mqttv311", 2)]
    [InlineData("mqttv5", 0)]
    [InlineData("mqttv5", 1)]
    [InlineData("mqttv5", 2)]
    public async Task Publish_ToASubscriber_ArrivesWithItsQoS(string version, int qos)
    {
        MosquittoClient client = new(fixture.Broker, version);
        await using RunningProcess subscriber =
            await client.SubscribeAsync("-t", $"{_name}/+", "-q", $"{qos}", "-C", "2", "-F", "got %t %q %r %p");

        await client.PublishAsync("-t", $"{_name}/a", "-q", $"{qos}", "-m", "hello");
        await client.PublishAsync("-t", $"{_name}/b", "-q", $"{qos}", "-m", "wörld");

        string output = (await subscriber.WaitForExitAsync()).AssertExitCode().Output;
        Assert.Contains($"got {_name}/a {qos} 0 hello", output, StringComparison.Ordinal);
        Assert.Contains($"got {_name}/b {qos} 0 wörld", output, StringComparison.Ordinal);
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("mqttv31")]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Retained_ForALaterSubscriber_IsSentUntilCleared(string version)
    {
        MosquittoClient client = new(fixture.Broker, version);
        await client.PublishAsync("-t", $"{_name}/a", "-q", "1", "-r", "-m", "kept");
        await client.PublishAsync("-t", $"{_name}/b", "-q", "1", "-r", "-m", "cleared");
        await client.PublishAsync("-t", $"{_name}/b", "-q", "1", "-r", "-n");
        await client.PublishAsync("-t", $"{_name}/c", "-q", "1", "-r", "-m", "last");

        string output = await client.ReceiveAsync("-t", $"{_name}/#", "-q", "1", "-C", "2", "-F", "%t %r %p");

        Assert.Equal([$"{_name}/a 1 kept", $"{_name}/c 1 last"], output.Split('\n').Order(StringComparer.Ordinal));
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("mqttv31")]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task Will_OfAKilledClient_IsPublished(string version)
    {
        MosquittoClient client = new(fixture.Broker, version);
        await using RunningProcess watcher = await client.SubscribeAsync("-t", $"{_name}/will", "-q", "1", "-C", "1", "-F", "got %q %p");
        await using RunningProcess dying = await client.SubscribeAsync(
            "-t", $"{_name}/x", "--will-topic", $"{_name}/will", "--will-payload", "gone", "--will-qos", "1");

        dying.Kill();

        ProcessResult result = await watcher.WaitForExitAsync();
        Assert.Contains("got 1 gone", result.AssertExitCode().Output, StringComparison.Ordinal);
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("mqttv311")]
    [InlineData("mqttv5")]
    public async Task SharedSubscription_OfTwoMembers_GivesEachMessageToOne(string version)
    {
        MosquittoClient client = new(fixture.Broker, version);
        string[] member = ["-t", $"$share/g/{_name}/job", "-t", $"{_name}/end", "-q", "1", "-F", "got %p"];
        await using RunningProcess first = await client.SubscribeAsync(member);
        await using RunningProcess second = await client.SubscribeAsync(member);

        string[] jobs = [.. Enumerable.Range(1, 10).Select(i => $"job{i}")];
        RunningProcess publisher = RunningProcess.Start(ExternalTool.Require(MosquittoClient.Pub),
            ["-h", "127.0.0.1", "-p", fixture.Broker.PortText, "-V", version, "-t", $"{_name}/job", "-q", "1", "-l"]);
        await using (publisher)
        {
            await publisher.EnterAsync(string.Concat(jobs.Select(job => job + "\n")));
            (await publisher.WaitForExitAsync()).AssertExitCode();
        }

        await client.PublishAsync("-t", $"{_name}/end", "-q", "1", "-m", "end");
        await first.WaitForLineAsync(line => line == "got end");
        await second.WaitForLineAsync(line => line == "got end");

        string[] received = [.. JobsOf(first), .. JobsOf(second)];
        Assert.Equal(jobs.Order(StringComparer.Ordinal), received.Order(StringComparer.Ordinal));
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("mqttv31", 1)]
    [InlineData("mqttv311", 2)]
    [InlineData("mqttv5", 1)]
    [InlineData("mqttv5", 2)]
    public async Task DurableSession_AfterReconnecting_GetsItsQueueInOrder(string version, int qos)
    {
        MosquittoClient client = new(fixture.Broker, version);
        string[] session = ["-i", _name, "-c", "-t", $"{_name}/q", "-q", $"{qos}"];
        await client.ReceiveAsync([.. session, "-E"]);
        foreach (string message in (string[])["one", "two", "three"])
            await client.PublishAsync("-t", $"{_name}/q", "-q", $"{qos}", "-m", message);

        string output = await client.ReceiveAsync([.. session, "-C", "3"]);

        Assert.Equal("one\ntwo\nthree", output);
    }

    private static IEnumerable<string> JobsOf(RunningProcess member) =>
        member.Output.Split('\n').Where(line => line.StartsWith("got job", StringComparison.Ordinal)).Select(line => line[4..]);
}
