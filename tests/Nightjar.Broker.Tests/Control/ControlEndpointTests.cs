using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Control;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Control;

/// <summary>Requests to <c>$CONTROL</c>: who may ask, who is answered, and what happens at the limits.</summary>
public sealed class ControlEndpointTests
{
    private const string DynamicSecurityTopic = "$CONTROL/dynamic-security/v1";
    private const string BrokerTopic = "$CONTROL/broker/v1";

    // The administrator and an observer may see the answers; bob, who may do everything else, may neither ask nor see them.
    private const string Json =
        """
        { "defaultACLAccess": { "publishClientSend": true, "publishClientReceive": true, "subscribe": true, "unsubscribe": true },
          "clients": [ { "username": "admin", "roles": [ { "rolename": "admin" } ] }, { "username": "observer", "roles": [ { "rolename": "observer" } ] },
                       { "username": "bob", "roles": [ { "rolename": "all" } ] } ],
          "roles": [
            { "rolename": "admin", "acls": [ { "acltype": "publishClientSend", "topic": "$CONTROL/#", "allow": true },
              { "acltype": "publishClientReceive", "topic": "$CONTROL/#", "allow": true }, { "acltype": "subscribePattern", "topic": "$CONTROL/#", "allow": true } ] },
            { "rolename": "observer", "acls": [ { "acltype": "publishClientReceive", "topic": "$CONTROL/#", "allow": true }, { "acltype": "subscribePattern", "topic": "$CONTROL/#", "allow": true } ] },
            { "rolename": "all", "acls": [ { "acltype": "publishClientSend", "topic": "#", "allow": true }, { "acltype": "subscribePattern", "topic": "#", "allow": true },
              { "acltype": "subscribeLiteral", "topic": "$CONTROL/dynamic-security/v1/response", "allow": true } ] } ] }
        """;

    [Fact]
    public async Task Request_OfAnAdministrator_IsAnsweredToWhoMayReadTheAnswer()
    {
        await using var setup = await Setup.StartAsync();
        var admin = await setup.ConnectAsync("admin");
        var observer = await setup.ConnectAsync("observer");
        // The subscription is granted by a rule of its own; the answer is still nothing for him.
        var bob = await setup.ConnectAsync("bob");
        foreach (var client in (WireClient[])[admin, observer, bob]) Assert.Equal(0, await client.SubscribeAsync(DynamicSecurityTopic + "/response"));
        await admin.PublishAsync(DynamicSecurityTopic, """{"commands":[{"command":"createRole","rolename":"r","correlationData":"x"},{"command":"getRole","rolename":"nothing"}]}""", QualityOfService.AtLeastOnce);
        await admin.ExpectAsync("40 02 00 01");
        foreach (var client in (WireClient[])[admin, observer])
        {
            var publish = await client.ReceivePublishAsync();
            Assert.Equal((DynamicSecurityTopic + "/response", QualityOfService.AtMostOnce, false), (publish.Topic, publish.QoS, publish.Retain));
            Assert.Equal("""{"responses":[{"command":"createRole","correlationData":"x"},{"command":"getRole","error":"Role not found"}]}""", publish.Payload);
        }

        await bob.ExpectNothingAsync();
        Assert.True(setup.Security.Program.State.Roles.ContainsKey("r"));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, "40 03 00 01 87")]
    [InlineData(ProtocolVersion.Mqtt311, "40 02 00 01")]
    public async Task Request_WithoutTheRight_LearnsAndChangesNothing(ProtocolVersion version, string pubAck)
    {
        await using var setup = await Setup.StartAsync();
        var bob = await setup.ConnectAsync("bob", version);
        var before = setup.Security.Program.State;
        var observer = await setup.ConnectAsync("observer");
        await observer.SubscribeAsync("$CONTROL/#");
        foreach (var topic in (string[])[DynamicSecurityTopic, BrokerTopic, "$CONTROL/nothing", "$CONTROL"])
        {
            await bob.PublishAsync(topic, """{"commands":[{"command":"createRole","rolename":"r"},{"command":"listClients"}]}""", QualityOfService.AtLeastOnce);
            await bob.ExpectAsync(pubAck);
        }

        await bob.ExpectNothingAsync();
        await observer.ExpectNothingAsync();
        Assert.Same(before, setup.Security.Program.State);
    }

    [Fact]
    public async Task Request_ItselfIsSeenByNobody()
    {
        await using var setup = await Setup.StartAsync();
        var seen = new List<string>();
        setup.Broker.Broker.MessagePublished += args => seen.Add(args.TopicName);
        var observer = await setup.ConnectAsync("observer");
        Assert.Equal(0, await observer.SubscribeAsync("$CONTROL/#"));
        var admin = await setup.ConnectAsync("admin");
        await admin.PublishAsync(DynamicSecurityTopic, """{"commands":[{"command":"getDetails"}]}""", QualityOfService.ExactlyOnce);
        await admin.ExpectAsync("50 02 00 01");
        Assert.Equal(DynamicSecurityTopic + "/response", (await observer.ReceivePublishAsync()).Topic);
        await observer.ExpectNothingAsync();
        Assert.Empty(seen);
    }

    [Fact]
    public async Task Requests_OnTheirWayTogether_AreAnsweredInOrder()
    {
        await using var setup = await Setup.StartAsync();
        var admin = await setup.ConnectAsync("admin");
        await admin.SubscribeAsync(DynamicSecurityTopic + "/response");
        for (var i = 0; i < 100; i++) await admin.PublishAsync(DynamicSecurityTopic, Command("createRole", $"\"rolename\":\"r{i}\",\"correlationData\":\"{i}\""));
        for (var i = 0; i < 100; i++) Assert.Contains($"\"correlationData\":\"{i}\"", (await admin.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
        Assert.Equal(103, setup.Security.Program.State.Roles.Count);
    }

    [Fact]
    public async Task Requests_MoreThanMayWait_AreRefusedAndSaidToTheSender()
    {
        await using var setup = await Setup.StartAsync();
        var admin = await setup.ConnectAsync("admin");
        var observer = await setup.ConnectAsync("observer");
        await observer.SubscribeAsync(DynamicSecurityTopic + "/response");
        setup.Storage.Stop();
        for (var i = 0; i < ControlQueue.MaximumRequests; i++)
        {
            await admin.PublishAsync(DynamicSecurityTopic, Command("createRole", $"\"rolename\":\"r{i}\""), QualityOfService.AtLeastOnce);
            await admin.ExpectAsync("40 02 00 01");
        }

        await admin.PublishAsync(DynamicSecurityTopic, Command("createRole", "\"rolename\":\"one too many\""), QualityOfService.AtLeastOnce);
        Assert.Contains("Too many requests", (await admin.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
        var pubAck = await admin.ReceiveAsync();
        Assert.Equal((0x40, 0x97), (pubAck[0], pubAck[4]));
        setup.Storage.GoOn();
        for (var i = 0; i < ControlQueue.MaximumRequests; i++) await observer.ReceivePublishAsync();
        await observer.ExpectNothingAsync();
        Assert.False(setup.Security.Program.State.Roles.ContainsKey("one too many"));
    }

    [Fact]
    public async Task GetClient_OfSomebodyConnected_NamesTheConnections()
    {
        await using var setup = await Setup.StartAsync();
        var admin = await setup.ConnectAsync("admin");
        await admin.SubscribeAsync(DynamicSecurityTopic + "/response");
        Assert.Contains("\"connections\":[]", await Setup.AskAsync(admin, DynamicSecurityTopic, Command("getClient", "\"username\":\"bob\"")), StringComparison.Ordinal);
        var bob = await setup.ConnectAsync("bob");
        Assert.Contains("\"connections\":[{\"address\":", await Setup.AskAsync(admin, DynamicSecurityTopic, Command("getClient", "\"username\":\"bob\"")), StringComparison.Ordinal);
        await bob.DisconnectAsync();
    }

    [Fact]
    public async Task Explain_SaysWhichRuleDecides()
    {
        await using var setup = await Setup.StartAsync();
        var admin = await setup.ConnectAsync("admin");
        await admin.SubscribeAsync(DynamicSecurityTopic + "/response");
        var answer = await Setup.AskAsync(admin, DynamicSecurityTopic, Command("explain", "\"username\":\"bob\",\"clientid\":\"c\",\"acltype\":\"PUBLISHclientSend\",\"topic\":\"a/b\""));
        using var json = JsonDocument.Parse(answer);
        var data = json.RootElement.GetProperty("responses")[0].GetProperty("data");
        Assert.True(data.GetProperty("allowed").GetBoolean());
        Assert.Equal(
            ["publishClientSend 'a/b' by user 'bob' with client id 'c': allowed", "decided by role 'all' of the client: publishClientSend allow '#' (priority 0)"],
            data.GetProperty("explanation").EnumerateArray().Select(line => line.GetString()));
        foreach (var (fields, error) in new[]
        {
            ("\"topic\":\"a\"", "Invalid/missing acltype"), ("\"acltype\":\"subscribe\"", "Invalid/missing topic"), ("\"acltype\":\"read\",\"topic\":\"a\"", "Unknown acltype"),
            ("\"username\":1,\"acltype\":\"subscribe\",\"topic\":\"a\"", "Invalid/missing username"), ("\"acltype\":\"publishClientSend\",\"topic\":\"\"", "Invalid topic"),
            ("\"acltype\":\"publishClientSend\",\"topic\":\"a/#\"", "Invalid topic"), ("\"acltype\":\"subscribe\",\"topic\":\"a#\"", "Invalid topic"),
        })
        {
            Assert.Contains($"\"error\":\"{error}\"", await Setup.AskAsync(admin, DynamicSecurityTopic, Command("explain", fields)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task BrokerApi_ListsListenersAndPlugins()
    {
        var options = new BrokerOptions
        {
            SysInterval = TimeSpan.Zero,
            EnableControlApi = true,
            PluginNames = ["acl-file"],
            Listeners =
            [
                new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) },
                new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Protocol = ListenerProtocol.WebSockets },
            ],
        };
        await using var setup = await Setup.StartAsync(options);
        var admin = await setup.ConnectAsync("admin");
        await admin.SubscribeAsync(BrokerTopic + "/response");
        var ports = setup.Broker.Broker.EndPoints.OfType<IPEndPoint>().Select(endPoint => endPoint.Port).ToArray();
        var answer = await Setup.AskAsync(admin, BrokerTopic, """{"commands":[{"command":"LISTlisteners","correlationData":"c"}]}""");
        Assert.StartsWith(
            $$$"""{"responses":[{"command":"LISTlisteners","data":{"listeners":[{"port":{{{ports[0]}}},"protocol":"mqtt","bind-address":"127.0.0.1","tls":false},{"port":{{{ports[1]}}},"protocol":"mqtt+websockets","bind-address":"127.0.0.1","tls":false}""",
            answer, StringComparison.Ordinal);
        Assert.EndsWith(""","correlationData":"c"}]}""", answer, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await Setup.AskAsync(admin, BrokerTopic, """{"commands":[{"command":"listPlugins"}]}"""));
        var plugins = json.RootElement.GetProperty("responses")[0].GetProperty("data").GetProperty("plugins");
        Assert.Equal(["dynamic-security", "acl-file"], plugins.EnumerateArray().Select(plugin => plugin.GetProperty("name").GetString()));
        Assert.Equal([DynamicSecurityTopic], plugins[0].GetProperty("control-endpoints").EnumerateArray().Select(topic => topic.GetString()));
    }

    [Theory]
    [InlineData("", "Unknown command", "Payload not valid JSON")]
    [InlineData("{", "Unknown command", "Payload not valid JSON")]
    [InlineData("[]", "Unknown command", "Invalid/missing commands")]
    [InlineData("{\"commands\":{}}", "Unknown command", "Invalid/missing commands")]
    [InlineData("{\"commands\":[1]}", "Unknown command", "Command not an object")]
    [InlineData("{\"commands\":[{\"command\":1}]}", "Unknown command", "Missing command")]
    [InlineData("{\"commands\":[{\"command\":\"listPlugins\",\"correlationData\":1}]}", "listPlugins", "Invalid correlationData data type.")]
    [InlineData("{\"commands\":[{\"command\":\"x\"}]}", "x", "Unknown command")]
    [InlineData("{\"commands\":[{\"command\":\"\\ud800\"}]}", "Unknown command", "Missing command")]
    public void Envelope_OfAWrongRequest_SaysWhatMosquittoSays(string payload, string command, string error)
    {
        using var json = JsonDocument.Parse(ControlEnvelope.Answer(Encoding.UTF8.GetBytes(payload), name => name == "listPlugins" ? _ => { } : null));
        var response = Assert.Single(json.RootElement.GetProperty("responses").EnumerateArray());
        Assert.Equal((command, error), (response.GetProperty("command").GetString(), response.GetProperty("error").GetString()));
    }

    [Fact]
    public void BrokerApi_KeysThatAreNoText_AreSkipped()
    {
        var answer = ControlEnvelope.Answer(
            """{"\ud800":1,"Commands":[{"\udfff":[],"command":"listPlugins","correlationData":"\ud800"},{"COMMAND":"listPlugins","x\ud800":1}]}"""u8.ToArray(), _ => _ => { });
        Assert.Equal(
            """{"responses":[{"command":"listPlugins","error":"Invalid correlationData data type."},{"command":"listPlugins","data":{}}]}""", Encoding.UTF8.GetString(answer));
    }

    [Fact]
    public void BrokerApi_ManyCommands_HaveAnAnswerWithABound()
    {
        const int count = 100_000;
        var request = Encoding.UTF8.GetBytes($$"""{"commands":[{{string.Join(',', Enumerable.Repeat("""{"command":"listListeners"}""", count))}}]}""");
        Assert.True(request.Length <= ControlPoint.MaximumRequestBytes);
        var answer = ControlEnvelope.Answer(request, _ => json => json.WriteString("long", new string('x', 1000)));
        Assert.InRange(answer.Length, ControlEnvelope.MaximumAnswerBytes, ControlEnvelope.MaximumAnswerBytes + 2000);
        using var json = JsonDocument.Parse(answer);
        Assert.Equal("Response too large; send fewer commands", json.RootElement.GetProperty("responses").EnumerateArray().Last().GetProperty("error").GetString());
    }

    [Fact]
    public async Task BrokerApi_SwitchedOff_IsNoEndpoint()
    {
        await using var setup = await Setup.StartAsync();
        var admin = await setup.ConnectAsync("admin");
        Assert.Equal("""{"error":"endpoint not available"}""", await Setup.AskAsync(admin, BrokerTopic, """{"commands":[{"command":"listPlugins"}]}"""));
    }

    [Fact]
    public async Task BrokerApi_WithoutAnyRules_AnswersEverybody()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, EnableControlApi = true });
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync(BrokerTopic + "/response");
        await client.PublishAsync(BrokerTopic, """{"commands":[{"command":"listPlugins"}]}""");
        Assert.Equal("""{"responses":[{"command":"listPlugins","data":{"plugins":[]}}]}""", (await client.ReceivePublishAsync()).Payload);
    }

    [Fact]
    public async Task Domains_WithDynamicSecurityOfTheirOwn_AreAdministeredApart()
    {
        await using var setup = await Setup.StartAsync();
        var other = new DynamicSecurityService(DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(Json), "f").State);
        var rules = new DomainAuthorizer(new Dictionary<string, IAuthorizer?> { [""] = setup.Security.CreateAuthorizer(), ["other"] = other.CreateAuthorizer(), ["open"] = null });
        setup.Broker.Broker.ReplaceAuthorizer(rules);
        IDynamicSecuritySource source = rules;
        Assert.Equal(2, source.All.Count());
        Assert.Same(setup.Security, source.Of(""));
        Assert.Same(other, source.Of("other"));
        Assert.Null(source.Of("open"));
        // Who is kept from nothing does not hear what the administrators of the other listeners are told.
        var nobody = new Identity("c", null, null, "open");
        Assert.True(rules.May(nobody, AccessAction.Read, "a"u8));
        Assert.False(rules.May(nobody, AccessAction.Read, "$CONTROL/dynamic-security/v1/response"u8));
        Assert.False(rules.May(nobody, AccessAction.Write, "$CONTROL/dynamic-security/v1"u8));
    }

    private static string Command(string name, string fields) => "{\"commands\":[{\"command\":\"" + name + "\"," + fields + "}]}";

    /// <summary>A broker with dynamic security whose disk is a test's.</summary>
    private sealed class Setup : IAsyncDisposable
    {
        internal required TestBroker Broker { get; init; }

        internal required DynamicSecurityService Security { get; init; }

        internal required HeldStorage Storage { get; init; }

        internal static async Task<Setup> StartAsync(BrokerOptions? options = null)
        {
            var storage = new HeldStorage();
            var security = new DynamicSecurityService(
                new DynamicSecurityOptions { Path = "f" }, DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(Json), "f").State, storage, NullLogger.Instance);
            var broker = await TestBroker.StartAsync(options, authorizer: security.CreateAuthorizer());
            return new Setup { Broker = broker, Security = security, Storage = storage };
        }

        internal Task<WireClient> ConnectAsync(string userName, ProtocolVersion version = ProtocolVersion.Mqtt50) => Broker.ConnectAsync(userName + " client", version, userName: userName);

        internal static async Task<string> AskAsync(WireClient client, string topic, string request)
        {
            await client.PublishAsync(topic, request);
            return (await client.ReceivePublishAsync()).Payload;
        }

        public async ValueTask DisposeAsync()
        {
            Storage.GoOn();
            await Broker.DisposeAsync();
            await Security.DisposeAsync();
        }
    }

    /// <summary>A disk that can be stopped.</summary>
    private sealed class HeldStorage : IDynamicSecurityStorage
    {
        private TaskCompletionSource? _stopped;

        internal void Stop() => _stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void GoOn() => _stopped?.TrySetResult();

        public DynamicSecurityFile Read() => throw new NotSupportedException();

        public void Replace(DynamicSecurityState state)
        {
            if (_stopped is { } stopped && !stopped.Task.Wait(Wait.Guard)) throw new IOException("The test did not let the disk go on.");
        }
    }
}
