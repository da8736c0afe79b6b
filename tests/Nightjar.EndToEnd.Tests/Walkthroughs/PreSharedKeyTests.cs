using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>Fifth walk-through: TLS with keys instead of certificates.</summary>
public sealed class PreSharedKeyTests : IDisposable
{
    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Client_WithAKey_IsItsIdentityAsLongAsTheFileHasIt(string maker)
    {
        var tools = new ToolSet(maker);
        _folder.Write("keys", "sensor:0123456789abcdef\nreader:00aabbcc\n");
        string configuration = $"psk_hint house\npsk_file {_folder["keys"]}\nuse_identity_as_username true\n";
        await using BrokerProcess broker = await BrokerProcess.StartAsync(configuration);
        await using RunningProcess reader = await tools.StartSubAsync([.. Client(broker, "reader", "00aabbcc"), "-i", "reads", "-t", "#"]);

        (await tools.PubAsync([.. Client(broker, "sensor", "0123456789abcdef"), "-i", "writes", "-t", "a", "-m", "hello"])).AssertExitCode();
        await reader.WaitForLineAsync(line => line == "hello");
        await broker.WaitForLogAsync(" as reads (p4, c1, k60, u'reader').");
        await broker.WaitForLogAsync(" as writes (p4, c1, k60, u'sensor').");
        await broker.WaitForLogAsync("Client writes negotiated TLSv1.2 cipher ");

        // Unknown or wrong: a client cannot tell which, the log can.
        foreach ((string identity, string key) in new[] { ("sensor", "0123456789abcdee"), ("nobody", "0123456789abcdef"), ("reader", "aabbcc") })
        {
            ProcessResult refused = await tools.PubAsync([.. Client(broker, identity, key), "-i", "refused", "-t", "a", "-m", "x"]);
            Assert.NotEqual(0, refused.ExitCode);
            // "Unable to connect (...)." or "Error: ...", as Mosquitto's happens to notice.
            Assert.Contains("A TLS error occurred.", refused.Errors, StringComparison.Ordinal);
        }

        await broker.Process.WaitForLineAsync(line => line.Contains("OpenSSL Error[0]: ", StringComparison.Ordinal), number: 3);
        await broker.WaitForLogAsync("(PSK identity \"nobody\" is not known)");

        _folder.Write("keys", "sensor:ff\nreader:00aabbcc\n");
        Assert.Contains(" Config reloaded: ", await broker.ReloadAsync(), StringComparison.Ordinal);
        Assert.NotEqual(0, (await tools.PubAsync([.. Client(broker, "sensor", "0123456789abcdef"), "-t", "a", "-m", "x"])).ExitCode);
        (await tools.PubAsync([.. Client(broker, "sensor", "ff"), "-t", "a", "-m", "again"])).AssertExitCode();
        await reader.WaitForLineAsync(line => line == "again");
        Assert.DoesNotContain(" as refused ", broker.Log, StringComparison.Ordinal);
        await broker.StopAsync();
    }

    private static string[] Client(BrokerProcess broker, string identity, string key) =>
        ["-h", "127.0.0.1", "-p", broker.PortText, "--psk-identity", identity, "--psk", key];
}
