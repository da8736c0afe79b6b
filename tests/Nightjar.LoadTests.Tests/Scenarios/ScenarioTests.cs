using System.Net;
using System.Text.Json;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.LoadTests.Scenarios;
using Xunit;

namespace Nightjar.LoadTests.Tests.Scenarios;

/// <summary>Each scenario once, short and small, over loopback TCP against a broker in this process.</summary>
public sealed class ScenarioTests
{
    // Those over TLS have a class of their own.
    public static TheoryData<string> Names => [.. ScenarioTable.All.Where(scenario => scenario is not TlsScenario).Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Scenario_ClosedLoop_LosesNothing(string name) => RunAsync(name, "--mqtt", "5", "--load", "closed:8");

    [Theory]
    [InlineData("pair", "3.1.1", "1")]
    [InlineData("pair", "5", "2")]
    [InlineData("fan-out", "3.1.1", "2")]
    [InlineData("wildcard", "3.1", "1")]
    [InlineData("shared", "5", "1")]
    [InlineData("offline-queue", "3.1.1", "2")]
    public Task Scenario_WithAcknowledgements_LosesNothing(string name, string version, string qos) =>
        RunAsync(name, "--mqtt", version, "--qos", qos, "--load", "closed:8");

    [Theory]
    [InlineData("rate:2k")]
    [InlineData("ramp:0-4k")]
    [InlineData("burst:50/40ms")]
    public Task Pair_OpenLoop_LosesNothing(string load) => RunAsync("pair", "--load", load);

    [Fact]
    public async Task Tool_WithAThresholdThatCannotBeKept_ExitsWithOneAndWritesItsReports()
    {
        string folder = Directory.CreateTempSubdirectory("load").FullName;
        try
        {
            (int code, string output, _) = await RunAsync(["pair", "--threshold", "p50<0ns", "--report", folder]);
            Assert.Equal(LoadRunner.Missed, code);
            Assert.Contains("MISSED  p50<0ns", output, StringComparison.Ordinal);
            Assert.Contains("## pair", await File.ReadAllTextAsync(Path.Combine(folder, "report.md")), StringComparison.Ordinal);
            using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "report.json")));
            Assert.Equal("pair", json.RootElement.GetProperty("scenarios")[0].GetProperty("name").GetString());
            Assert.Contains("<polyline", await File.ReadAllTextAsync(Path.Combine(folder, "report.html")), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Tool_AskedForJson_WritesNothingElse()
    {
        (int code, string output, _) = await RunAsync(["pair", "--load", "rate:1k", "--json", "-"]);
        Assert.Equal(LoadRunner.Kept, code);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement pair = json.RootElement.GetProperty("scenarios")[0];
        Assert.Equal(150, pair.GetProperty("sent").GetInt64());
        // From the moment a message was due: what the generator lost is in the latency.
        double late = pair.GetProperty("generatorLatenessMicroseconds").GetProperty("p50").GetDouble();
        Assert.InRange(pair.GetProperty("latencyMicroseconds").GetProperty("max").GetDouble(), late, double.MaxValue);
    }

    [Fact]
    public async Task Tool_WithoutABroker_ExitsWithTwo()
    {
        int port;
        await using (MqttBroker broker = await StartAsync()) port = PortOf(broker);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(LoadRunner.Failed, await LoadRunner.RunAsync(["--broker", $"127.0.0.1:{port}", "pair"], output, error, false, default));
        Assert.Contains("cannot be reached", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tool_WithWrongUsage_ExitsWithTwo()
    {
        using var error = new StringWriter();
        Assert.Equal(LoadRunner.Failed, await LoadRunner.RunAsync(["--qos", "7"], TextWriter.Null, error, false, default));
        Assert.Contains("--qos 7", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task RunAsync(string name, params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync([name, .. arguments]);
        Assert.True(code == LoadRunner.Kept, $"exit code {code}\n{error}\n{output}");
        Assert.Contains("kept    lost=0", output, StringComparison.Ordinal);
        Assert.DoesNotMatch("done +0 ", output);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments)
    {
        await using MqttBroker broker = await StartAsync();
        using var output = new StringWriter();
        using var error = new StringWriter();
        string[] small =
        [
            "--broker", $"127.0.0.1:{PortOf(broker)}", "--duration", "150ms", "--warm-up", "50ms", "--drain", "20s", "--connections", "20", "--messages", "40",
            "--topics", "20",
        ];
        int code = await LoadRunner.RunAsync([.. small, .. arguments], output, error, false, default);
        return (code, output.ToString(), error.ToString());
    }

    private static async Task<MqttBroker> StartAsync()
    {
        var options = new BrokerOptions
        {
            Listeners = [new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }],
            MaximumQueuedMessages = 0,
            SysInterval = TimeSpan.Zero,
        };
        var broker = new MqttBroker(options);
        await broker.StartAsync();
        return broker;
    }

    private static int PortOf(MqttBroker broker) => ((IPEndPoint)broker.EndPoints[0]).Port;
}
