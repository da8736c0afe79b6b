using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Clients;

/// <summary>MQTT.js; the scenarios are in <c>mqttjs/check.js</c>.</summary>
public sealed class MqttJsTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly string[] EveryVersion =
        ["connect", "qos0", "qos1", "qos2", "large", "retained", "will", "shared", "resume", "take-over"];

    private static readonly string[] Version5 =
        ["user-properties", "topic-alias", "expiry", "subscribe-options"];

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
    public async Task MqttJs_InAScenario_FindsWhatItExpects(string version, string scenario)
    {
        string script = Path.Combine(RepositoryTree.Root, "tests/Nightjar.EndToEnd.Tests/mqttjs/check.js");
        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require(ExternalTool.MqttJs), [script, fixture.Broker.PortText, version, scenario]);
        Assert.Equal("ok", result.AssertExitCode().Output);
    }
}
