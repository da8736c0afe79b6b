using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Clients;

/// <summary>MQTT.js; the scenarios are in <c>mqttjs/check.js</c>.</summary>
public sealed class MqttJsTests(BrokerFixture fixture, WebSocketBrokerFixture webSocketFixture)
    : IClassFixture<BrokerFixture>, IClassFixture<WebSocketBrokerFixture>
{
    private static readonly string[] EveryVersion =
        ["connect", "qos0", "qos1", "qos2", "large", "retained", "will", "shared", "resume", "take-over"];

    private static readonly string[] Version5 =
        ["user-properties", "topic-alias", "expiry", "subscribe-options"];

    /// <summary>Version and scenario, of the versions that MQTT over WebSocket is defined for.</summary>
    public static TheoryData<string, string> WebSocketScenarios
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (string version in (string[])["3.1.1", "5"])
            {
                foreach (string scenario in EveryVersion) rows.Add(version, scenario);
            }

            rows.Add("5", "topic-alias");
            return rows;
        }
    }

    /// <summary>Version and scenario.</summary>
    public static TheoryData<string, string> Scenarios
    {
        get
        {
            TheoryData<string, string> rows = [];
            foreach (string version in (string[])["3.1", "3.1.1", "5"])
            {
                foreach (string scenario in EveryVersion) rows.Add(version, scenario);
            }

            foreach (string scenario in Version5) rows.Add("5", scenario);
            return rows;
        }
    }

    [RequiresToolTheory(ExternalTool.MqttJs)]
    [MemberData(nameof(Scenarios))]
    public Task MqttJs_InAScenario_FindsWhatItExpects(string version, string scenario) =>
        CheckAsync(fixture.Broker, version, scenario, "mqtt");

    [RequiresToolTheory(ExternalTool.MqttJs)]
    [MemberData(nameof(WebSocketScenarios))]
    public Task MqttJs_OverWebSocketInAScenario_FindsWhatItExpects(string version, string scenario) =>
        CheckAsync(webSocketFixture.Broker, version, scenario, "ws");

    private static async Task CheckAsync(BrokerProcess broker, string version, string scenario, string protocol)
    {
        string script = Path.Combine(RepositoryTree.Root, "tests/Nightjar.EndToEnd.Tests/mqttjs/check.js");
        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require(ExternalTool.MqttJs), [script, broker.PortText, version, scenario, protocol]);
        Assert.Equal("ok", result.AssertExitCode().Output);
    }
}
