using Nightjar.Host.Verbs;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>Requests and responses over a connection, from a broker that answers what the test says.</summary>
public sealed class ControlLinkTests : IDisposable
{
    private const string Warning =
        "Warning: You are running mosquitto_ctrl without encryption.\nThis means all of the configuration changes you are making are visible on the network, including passwords.\n\n";

    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Theory]
    [InlineData("dynsec explain ann c1 subscribe a/#", """{"explanation":["Role r allows it.","By rule 1."]}""", "Role r allows it.\nBy rule 1.\n", "$CONTROL/dynamic-security/v1")]
    [InlineData("dynsec getDetails", """{"clientCount":1}""", "Client count:   1\nGroup count:    0\nRole count:     0\nChange index:   0\n", "$CONTROL/dynamic-security/v1")]
    [InlineData("broker listListeners", """{"listeners":[{"port":1883,"protocol":"mqtt","tls":true}]}""", "Listener 1:\n  Port:              1883\n  Protocol:          mqtt\n  TLS:               true\n\n", "$CONTROL/broker/v1")]
    [InlineData("dynsec enableClient ann", null, "", "$CONTROL/dynamic-security/v1")]
    public async Task Response_IsPrinted(string line, string? data, string expected, string topic)
    {
        await using var broker = new StubBroker(command => [StubBroker.Response(command, data)]);

        Assert.Equal(0, await RunAsync(broker, line));

        Assert.Equal((expected, Warning), (_console.Output, _console.Errors));
        Assert.Equal([topic], broker.Topics);
    }

    [Fact]
    public async Task Response_ToAnotherAdministrator_IsPassedOver()
    {
        await using var broker = new StubBroker(command =>
            [StubBroker.Response("listClients", "another", """{"clients":["wrong"]}"""), StubBroker.Response(command, """{"clients":["right"]}""")]);

        Assert.Equal(0, await RunAsync(broker, "dynsec listClients"));

        Assert.Equal("right\n", _console.Output);
    }

    [Theory]
    [InlineData("""{"error": "endpoint not available"}""", 1, "Error: The broker does not have this module: endpoint not available.\n")]
    [InlineData("gibberish", 1, "Error: Payload not JSON.\n")]
    [InlineData("{}", 1, "Error: Payload missing data.\n")]
    [InlineData("""{"responses":[{"command":"Unknown command","error":"Payload not valid JSON"}]}""", 0, "Unknown command: Error: Payload not valid JSON.\n")]
    public async Task Payload_ThatIsNoGoodAnswer_IsNamed(string payload, int code, string error)
    {
        await using var broker = new StubBroker(_ => [payload]);

        Assert.Equal(code, await RunAsync(broker, "dynsec listClients"));

        Assert.Equal(("", Warning + error), (_console.Output, _console.Errors));
    }

    [Fact]
    public async Task Data_ThatIsMissing_IsNamed()
    {
        await using var broker = new StubBroker(command => [StubBroker.Response(command)]);

        Assert.Equal(0, await RunAsync(broker, "dynsec listClients"));

        Assert.Equal(Warning + "Error: Invalid response from server.\n", _console.Errors);
    }

    [Theory]
    [InlineData(0x87, 0, "Subscribe error: Not authorized\n")]
    [InlineData(0, 0x87, "Publish error: Not authorized\n")]
    public async Task Refusal_OfWhoHasNoRights_IsNamed(byte subscribe, byte publish, string error)
    {
        await using var broker = new StubBroker(command => [StubBroker.Response(command)]) { SubscribeCode = subscribe, PublishCode = publish };

        Assert.Equal(1, await RunAsync(broker, "dynsec enableClient ann"));

        Assert.Equal(Warning + error, _console.Errors);
    }

    [Fact]
    public async Task Connection_ThatEndsFirst_IsNamed()
    {
        await using var broker = new StubBroker(_ => null);

        Assert.Equal(7, await RunAsync(broker, "dynsec enableClient ann"));

        Assert.Equal(Warning + "Error: The connection was lost before the broker answered.\n", _console.Errors);
    }

    [Fact]
    public async Task Broker_ThatDoesNotAnswer_IsGivenUpAfterTenSeconds()
    {
        var time = new FakeTimeProvider();
        await using var broker = new StubBroker(_ => []);
        Task<int> running = CtrlVerb.RunAsync(["-h", "127.0.0.1", "-p", broker.Port, "dynsec", "listClients"], _console.Console, time, CancellationToken.None);
        await Wait.UntilAsync(() => broker.Topics.Count == 1, "the request");

        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(running.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(27, await running.WaitAsync(Wait.Guard));
        Assert.Equal(Warning + "Error: Timed out: the broker did not answer. Does it have this module, and may this user use it?\n", _console.Errors);
    }

    [Fact]
    public async Task Shell_AsksOneConnection_AndConnectsAgainWhenItIsLost()
    {
        bool isFirst = true;
        await using var broker = new StubBroker(command =>
        {
            string name = command["command"]!.GetValue<string>();
            if (name == "getDetails" && isFirst)
            {
                isFirst = false;
                return null;
            }

            return [StubBroker.Response(command, name switch
            {
                "listClients" => """{"clients":["ann"]}""",
                "listGroups" => """{"groups":[]}""",
                "listRoles" => """{"roles":[]}""",
                "getDetails" => """{"clientCount":1,"groupCount":0,"roleCount":0,"changeIndex":7}""",
                _ => null,
            })];
        });
        string port = broker.Port;
        using var console = new TestConsole("dynsec", "createGroup g", "getDetails", "getDetails", "setClientPassword ann", "pw", "pw", "return", "disconnect", "exit");

        Assert.Equal(0, await console.RunAsync("-h", "127.0.0.1", "-p", port));

        string text = console.Output[(console.Output.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        Assert.Equal(
            $"""
            mqtt://127.0.0.1:{port}> dynsec
            mqtt://127.0.0.1:{port}|dynsec> createGroup g
            OK
            mqtt://127.0.0.1:{port}|dynsec> getDetails
            The connection was lost before the broker answered.
            mqtt://127.0.0.1:{port}|dynsec> getDetails
            Client count:   1
            Group count:    0
            Role count:     0
            Change index:   7
            mqtt://127.0.0.1:{port}|dynsec> setClientPassword ann
            password:
            password:
            OK
            mqtt://127.0.0.1:{port}|dynsec> return
            mqtt://127.0.0.1:{port}> disconnect
            > exit

            """,
            text);
        Assert.Equal(2, broker.Connections);
    }

    private Task<int> RunAsync(StubBroker broker, string line) => _console.RunAsync(["-h", "127.0.0.1", "-p", broker.Port, .. line.Split(' ')]);
}
