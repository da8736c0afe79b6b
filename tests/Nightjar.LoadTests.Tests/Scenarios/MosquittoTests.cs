using Nightjar.Testing.Certificates;
using Xunit;

namespace Nightjar.LoadTests.Tests.Scenarios;

/// <summary>The tool against a broker that no one here wrote.</summary>
public sealed class MosquittoTests : IDisposable
{
    private readonly TestDirectory _folder = new();
    private readonly TestCertificates _certificates = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    [RequiresMosquittoTheory]
    [InlineData("3.1.1", 0)]
    [InlineData("3.1.1", 1)]
    [InlineData("3.1.1", 2)]
    [InlineData("5", 0)]
    [InlineData("5", 1)]
    [InlineData("5", 2)]
    public async Task Tool_WithAPassword_MeasuresEveryScenario(string version, int qos)
    {
        await using Mosquitto mosquitto = await Mosquitto.StartAsync(_folder, _certificates);
        string[] scenarios = qos == 0
            ? ["pair", "fan-out", "fan-in", "wildcard", "shared", "connect-storm", "idle", "slow-consumer"]
            : ["pair", "fan-out", "fan-in", "wildcard", "shared", "offline-queue"];
        await AssertKeptAsync(
            [
                .. scenarios, "--broker", $"127.0.0.1:{mosquitto.Port}", "--user", Mosquitto.User, "--password", Mosquitto.Password, "--mqtt", version,
                "--qos", $"{qos}", "--load", "closed:4",
            ]);
    }

    [RequiresMosquittoTheory]
    [InlineData("3.1.1")]
    [InlineData("5")]
    public async Task Tool_OverTls_MeasuresMessagesAndHandshakes(string version)
    {
        await using Mosquitto mosquitto = await Mosquitto.StartAsync(_folder, _certificates);
        string output = await AssertKeptAsync(
            [
                "tls", "connect-storm", "--broker", $"mqtts://localhost:{mosquitto.TlsPort}", "--cafile", _folder.Write("ca.crt", _certificates.Root),
                "--mqtt", version, "--load", "rate:200",
            ]);
        Assert.Matches("TLS +TLSv?1.3", output);
        Assert.Contains("TLS handshakes, p50", output, StringComparison.Ordinal);
    }

    [RequiresMosquittoTheory]
    [InlineData("--user load --password wrong")]
    [InlineData("")]
    public async Task Tool_ThatIsNotLetIn_SaysSoAndExitsWithTwo(string credentials)
    {
        await using Mosquitto mosquitto = await Mosquitto.StartAsync(_folder, _certificates);
        using var error = new StringWriter();
        string[] arguments = ["pair", "--broker", $"127.0.0.1:{mosquitto.Port}", .. credentials.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(LoadRunner.Failed, await LoadRunner.RunAsync(arguments, TextWriter.Null, error, false, default));
        Assert.Contains("did not accept", error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> AssertKeptAsync(string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        string[] small = ["--duration", "150ms", "--warm-up", "50ms", "--drain", "20s", "--connections", "20", "--messages", "40", "--topics", "20"];
        int code = await LoadRunner.RunAsync([.. small, .. arguments], output, error, false, default);
        Assert.True(code == LoadRunner.Kept, $"exit code {code}\n{error}\n{output}");
        Assert.DoesNotMatch("done +0 ", output.ToString());
        return output.ToString();
    }
}
