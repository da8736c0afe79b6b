using Nightjar.EndToEnd.Tests.Tools;

namespace Nightjar.EndToEnd.Tests.Clients;

/// <summary>mosquitto_pub and mosquitto_sub against one broker, with one protocol version.</summary>
/// <param name="broker">The broker they connect to.</param>
/// <param name="version">As for <c>-V</c>: mqttv31, mqttv311 or mqttv5.</param>
internal sealed class MosquittoClient(BrokerProcess broker, string version)
{
    /// <summary>Name of the program that publishes.</summary>
    public const string Pub = "mosquitto_pub";

    /// <summary>Name of the program that subscribes.</summary>
    public const string Sub = "mosquitto_sub";

    /// <summary>Runs mosquitto_pub and expects success.</summary>
    public async Task PublishAsync(params string[] arguments) =>
        (await ProcessRunner.RunAsync(ExternalTool.Require(Pub), [.. Common, .. arguments])).AssertExitCode();

    /// <summary>Runs mosquitto_sub to its end (give <c>-C</c> or <c>-E</c>), expects success and returns what it printed.</summary>
    public async Task<string> ReceiveAsync(params string[] arguments) =>
        (await ProcessRunner.RunAsync(ExternalTool.Require(Sub), [.. Common, .. arguments])).AssertExitCode().Output;

    /// <summary>Starts mosquitto_sub and waits until the broker has acknowledged its subscription.</summary>
    /// <remarks>The acknowledgement is seen in its debug output, which is line-buffered by stdbuf.</remarks>
    public async Task<RunningProcess> SubscribeAsync(params string[] arguments)
    {
        RunningProcess process = RunningProcess.Start("/usr/bin/stdbuf", ["-oL", ExternalTool.Require(Sub), .. Common, "-d", .. arguments]);
        try
        {
            await process.WaitForLineAsync(line => line.StartsWith("Subscribed (mid: ", StringComparison.Ordinal));
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private string[] Common => ["-h", "127.0.0.1", "-p", broker.PortText, "-V", version];
}
