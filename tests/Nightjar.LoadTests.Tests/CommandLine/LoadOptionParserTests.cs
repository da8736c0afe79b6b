using System.Net;
using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Simulations;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.LoadTests.Tests.CommandLine;

public sealed class LoadOptionParserTests
{
    [Fact]
    public void Defaults_WithoutOptions_AreThisMachineAndVersionFive()
    {
        LoadOptions options = Parse("pair");
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 1883), options.Broker.EndPoint);
        Assert.Equal(ProtocolVersion.Mqtt50, options.Version);
        Assert.Equal("pair", Assert.Single(options.Scenarios).Name);
    }

    [Fact]
    public void Options_OfEveryKind_AreRead()
    {
        LoadOptions options = Parse(
            "--mqtt", "3.1.1", "--qos=2", "--size", "1k", "--duration", "500ms", "--load", "rate:20k", "--load", "ramp:0-50k@30s",
            "--load", "burst:1000/250ms@1m", "--load=closed:64", "--warm-up", "0", "fan-out", "idle");
        Assert.Equal((ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, 1000), (options.Version, options.QoS, options.PayloadSize));
        TimeSpan half = TimeSpan.FromSeconds(0.5);
        Assert.Equal(
            [
                new ConstantRate(20_000, half), new Ramp(0, 50_000, TimeSpan.FromSeconds(30)),
                new Burst(1000, TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(1)), new ClosedLoop(64, half),
            ],
            options.Simulations);
        Assert.Equal(["fan-out", "idle"], options.Scenarios.Select(scenario => scenario.Name));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:1883")]
    [InlineData("mqtt://127.0.0.1:2883/", "127.0.0.1:2883")]
    [InlineData("[::1]:2883", "[::1]:2883")]
    [InlineData("::1", "[::1]:1883")]
    [InlineData("broker.example:99", "broker.example:99")]
    [InlineData("mqtts://broker.example", "broker.example:8883")]
    [InlineData("ssl://[::1]:99", "[::1]:99")]
    public void Broker_OfEachForm_IsRead(string text, string expected) => Assert.Equal(expected, Parse("--broker", text, "pair").Broker.ToString());

    [Fact]
    public void Mistakes_SeveralAtOnce_AreAllTold()
    {
        string[] arguments =
        [
            "--qos", "3", "--load", "rate:x", "--threshold", "p101<1", "--broker", "a:b:c d", "--size", "11", "--what", "1", "nothing", "--mqtt", "6",
        ];
        Assert.Equal(8, LoadOptionParser.Parse(arguments, out _).Count);
    }

    [Fact]
    public void Tls_ByAddressOrAuthority_IsAskedFor()
    {
        Assert.Null(Parse("pair").Tls);
        Assert.NotNull(Parse("tls", "--broker", "mqtts://broker.example").Tls);
        Assert.Equal("ca.crt", Parse("tls", "--cafile", "ca.crt", "--insecure").Tls?.AuthorityFile);
        Assert.Contains(Parse("--broker", "mqtts://broker.example", "all").Scenarios, scenario => scenario.Name == "tls");
        Assert.DoesNotContain(Parse("all").Scenarios, scenario => scenario.Name == "tls");
    }

    [Fact]
    public void Help_NamesEveryScenarioAndEachExampleIsValid()
    {
        Assert.All(Nightjar.LoadTests.Scenarios.ScenarioTable.All, scenario => Assert.Contains($"  {scenario.Name} ", Usage.Text, StringComparison.Ordinal));
        string[] examples = [.. Usage.Text.Split('\n').Where(line => line.StartsWith("    Nightjar.LoadTests ", StringComparison.Ordinal))];
        Assert.NotEmpty(examples);
        Assert.All(examples, example => Parse(example.Replace("'", "", StringComparison.Ordinal).TrimEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]));
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("pair", "--insecure")]
    [InlineData("offline-queue", "--qos", "0")]
    [InlineData("pair", "--publishers", "2", "--subscribers", "3")]
    [InlineData("pair", "--qos")]
    [InlineData("--qos", "1")]
    public void Contradictions_AreRefused(params string[] arguments) => Assert.Single(LoadOptionParser.Parse(arguments, out _));

    private static LoadOptions Parse(params string[] arguments)
    {
        Assert.Empty(LoadOptionParser.Parse(arguments, out LoadOptions options));
        return options;
    }
}
