using Nightjar.EndToEnd.Tests.Clients;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>The command-line tools of one maker: Debian's mosquitto_pub, _sub and _passwd, or the verbs of our own executable.</summary>
internal sealed class ToolSet
{
    /// <summary>Debian's.</summary>
    public const string Mosquitto = "mosquitto";

    /// <summary>Ours.</summary>
    public const string Nightjar = "nightjar";

    private readonly bool _isOurs;

    /// <summary>Finds them.</summary>
    /// <param name="maker"><see cref="Mosquitto"/> or <see cref="Nightjar"/>.</param>
    public ToolSet(string maker) => _isOurs = maker == Nightjar;

    /// <summary>Publishes.</summary>
    public Task<ProcessResult> PubAsync(params string[] arguments) => RunAsync("pub", MosquittoClient.Pub, arguments);

    /// <summary>Subscribes; give <c>-C</c>, <c>-E</c> or <c>-W</c>, so that it ends.</summary>
    public Task<ProcessResult> SubAsync(params string[] arguments) => RunAsync("sub", MosquittoClient.Sub, arguments);

    /// <summary>Edits a password file.</summary>
    public Task<ProcessResult> PasswdAsync(params string[] arguments) => RunAsync("passwd", "mosquitto_passwd", arguments);

    /// <summary>Starts a subscriber and waits until the broker has acknowledged its subscriptions.</summary>
    public async Task<RunningProcess> StartSubAsync(params string[] arguments)
    {
        (string file, string[] first) = Command("sub", MosquittoClient.Sub);
        // Mosquitto's prints into a buffer when nobody is at the terminal.
        RunningProcess process = RunningProcess.Start("/usr/bin/stdbuf", ["-oL", file, .. first, "-d", .. arguments]);
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

    private (string File, string[] First) Command(string verb, string tool)
    {
        if (!_isOurs) return (ExternalTool.Require(tool), []);
        (string file, string[] first) = BrokerProcess.Command();
        return (file, [.. first, verb]);
    }

    private Task<ProcessResult> RunAsync(string verb, string tool, string[] arguments)
    {
        (string file, string[] first) = Command(verb, tool);
        return ProcessRunner.RunAsync(file, [.. first, .. arguments]);
    }
}
