using System.Globalization;
using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>Second walk-through: one process, a listener for anybody, one for passwords and one for certificates.</summary>
public sealed class ListenerTests : IDisposable
{
    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto, true)]
    [InlineData(ToolSet.Mosquitto, false)]
    [InlineData(ToolSet.Nightjar, true)]
    [InlineData(ToolSet.Nightjar, false)]
    public async Task Listeners_WithTheirOwnAuthentication_LetInTheirOwnClients(string maker, bool perListener)
    {
        var tools = new ToolSet(maker);
        using var authority = await Authority.CreateAsync(_folder);
        await authority.IssueClientAsync("alice");
        (await new ToolSet(ToolSet.Nightjar).PasswdAsync("-c", "-b", _folder["passwords"], "roger", "password")).AssertExitCode();
        _folder.MakeReadable("passwords");
        await using BrokerProcess broker = await BrokerProcess.StartAsync(3, ports => perListener ? PerListener(ports) : Common(ports));
        string[] open = ["-h", "localhost", "-p", Text(broker.Ports[0])];
        string[] passwords = ["-h", "localhost", "-p", Text(broker.Ports[1])];
        string[] certificates = ["-h", "localhost", "-p", Text(broker.Ports[2]), "--cafile", authority.File, .. authority.Client("alice")];
        await using RunningProcess everything = await tools.StartSubAsync([.. open, "-t", "#"]);

        (await tools.PubAsync([.. open, "-i", "one", "-t", "from/anybody", "-m", "1"])).AssertExitCode();
        (await tools.PubAsync([.. passwords, "-i", "two", "-u", "roger", "-P", "password", "-t", "from/roger", "-m", "2"])).AssertExitCode();
        (await tools.PubAsync([.. certificates, "-i", "three", "-t", "from/alice", "-m", "3"])).AssertExitCode();
        (await tools.PubAsync([.. passwords, "-t", "no", "-m", "x"])).AssertExitCode(5);
        (await tools.PubAsync([.. passwords, "-u", "roger", "-P", "wrong", "-t", "no", "-m", "x"])).AssertExitCode(5);
        ProcessResult noCertificate = await tools.PubAsync([.. certificates[..6], "-t", "no", "-m", "x"]);
        Assert.NotEqual(0, noCertificate.ExitCode);
        // A password is none of its business where a certificate says who it is.
        (await tools.PubAsync([.. certificates, "-i", "four", "-u", "roger", "-P", "wrong", "-t", "from/alice", "-m", "4"])).AssertExitCode();

        await everything.WaitForLineAsync(line => line == "4");
        Assert.Equal(["1", "2", "3", "4"], everything.Output.Split('\n').Where(line => line.Length == 1 || line == "x"));
        await broker.WaitForLogAsync(" as one (p4, c1, k60).");
        await broker.WaitForLogAsync(" as two (p4, c1, k60, u'roger').");
        await broker.WaitForLogAsync(" as three (p4, c1, k60, u'alice').");
        await broker.WaitForLogAsync("Client three negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384");
        await broker.WaitForLogAsync(" as four (p4, c1, k60, u'alice').");
        Assert.StartsWith("OpenSSL Error[0]: ", AfterTime(await broker.WaitForLogAsync("peer did not return a certificate")), StringComparison.Ordinal);
        await broker.StopAsync();
    }

    [RequiresToolFact(MosquittoClient.Pub)]
    public async Task Reload_WithAListenerMoreAndOneLess_OpensAndCloses()
    {
        var tools = new ToolSet(ToolSet.Mosquitto);
        await using BrokerProcess broker = await BrokerProcess.StartAsync(3, ports => $"allow_anonymous true\n{Lines(ports, 0, 1)}");
        string[] publish = ["-h", "127.0.0.1", "-t", "a", "-m", "b", "-p"];
        Assert.NotEqual(0, (await tools.PubAsync([.. publish, Text(broker.Ports[2])])).ExitCode);

        string line = await broker.ReloadAsync(ports => $"allow_anonymous true\n{Lines(ports, 1, 2)}");

        Assert.EndsWith(" Config reloaded: 1 listeners opened, 1 closed, 0 clients disconnected.", line, StringComparison.Ordinal);
        (await tools.PubAsync([.. publish, Text(broker.Ports[1])])).AssertExitCode();
        (await tools.PubAsync([.. publish, Text(broker.Ports[2])])).AssertExitCode();
        Assert.Equal("Error: Connection refused", (await tools.PubAsync([.. publish, Text(broker.Ports[0])])).AssertExitCode(1).Errors);
    }

    private static string Lines(IReadOnlyList<int> ports, params int[] used) =>
        string.Concat(used.Select(index => $"listener {Text(ports[index])} 127.0.0.1\n"));

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static string AfterTime(string line) => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];

    private string PerListener(IReadOnlyList<int> ports) => $"""
        per_listener_settings true
        listener {ports[0]} 127.0.0.1
        allow_anonymous true
        listener {ports[1]} 127.0.0.1
        allow_anonymous false
        password_file {_folder["passwords"]}
        listener {ports[2]} 127.0.0.1
        {Tls()}
        """;

    private string Common(IReadOnlyList<int> ports) => $"""
        allow_anonymous false
        password_file {_folder["passwords"]}
        listener {ports[0]} 127.0.0.1
        listener_allow_anonymous true
        listener {ports[1]} 127.0.0.1
        listener {ports[2]} 127.0.0.1
        {Tls()}
        """;

    private string Tls() => $"""
        certfile {_folder["certs/broker.crt"]}
        keyfile {_folder["certs/broker.key"]}
        cafile {_folder["certs/ca.crt"]}
        require_certificate true
        use_identity_as_username true

        """;
}
