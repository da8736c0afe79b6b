using System.Text.RegularExpressions;
using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>Fourth walk-through: clients that are known by their certificates.</summary>
public sealed partial class MutualTlsTests : IDisposable
{
    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Client_WithACertificate_IsItsCommonNameUntilItIsRevoked(string maker)
    {
        var tools = new ToolSet(maker);
        using var authority = await Authority.CreateAsync(_folder);
        await authority.IssueClientAsync("alice");
        await authority.IssueClientAsync("bob");
        string acl = _folder.Write("acl", "pattern readwrite users/%u/#\n");
        await using BrokerProcess broker = await StartAsync(authority, $"use_identity_as_username true\nacl_file {acl}\nlog_type all\n");
        string[] alice = Client(broker, authority, "alice");
        string[] bob = Client(broker, authority, "bob");
        await using RunningProcess reader = await tools.StartSubAsync([.. alice, "-i", "reader", "-t", "users/alice/#", "-F", ">%t %p"]);

        // The name in the certificate counts; the one in CONNECT is not looked at.
        (await tools.PubAsync([.. bob, "-i", "intruder", "-u", "alice", "-q", "1", "-t", "users/alice/a", "-m", "x"])).AssertExitCode();
        (await tools.PubAsync([.. alice, "-i", "writer", "-u", "bob", "-q", "1", "-t", "users/alice/a", "-m", "hello"])).AssertExitCode();
        await reader.WaitForLineAsync(line => line.StartsWith('>'));
        Assert.Equal([">users/alice/a hello"], reader.Output.Split('\n').Where(line => line.StartsWith('>')));
        await broker.WaitForLogAsync(" as writer (p4, c1, k60, u'alice').");
        Assert.Matches(Negotiated(), await broker.WaitForLogAsync("Client writer negotiated "));
        await broker.WaitForLogAsync("Denied PUBLISH from intruder (d0, q1, r0, m1, 'users/alice/a', ... (1 bytes))");

        await authority.RevokeAsync("alice");
        Assert.Contains(" Config reloaded: ", await broker.ReloadAsync(), StringComparison.Ordinal);

        ProcessResult refused = await tools.PubAsync([.. alice, "-i", "again", "-t", "users/alice/a", "-m", "x"]);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.StartsWith("Error: ", refused.Errors, StringComparison.Ordinal);
        Assert.Contains(" OpenSSL Error[0]: ", await broker.WaitForLogAsync("certificate verify failed (certificate revoked"), StringComparison.Ordinal);
        (await tools.PubAsync([.. bob, "-t", "users/bob/a", "-m", "x"])).AssertExitCode();
        await broker.StopAsync();
    }

    [RequiresToolTheory(MosquittoClient.Pub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Client_OfAnotherAuthority_IsRefused(string maker)
    {
        var tools = new ToolSet(maker);
        using var authority = await Authority.CreateAsync(_folder);
        using var other = await Authority.CreateAsync(_folder, "others");
        await other.IssueClientAsync("alice");
        await using BrokerProcess broker = await StartAsync(authority, "use_identity_as_username true\n");

        ProcessResult refused = await tools.PubAsync(
            ["-h", "localhost", "-p", broker.PortText, "--cafile", authority.File, .. other.Client("alice"), "-t", "a", "-m", "b"]);
        Assert.NotEqual(0, refused.ExitCode);
        await broker.WaitForLogAsync("certificate verify failed (");

        // And a broker of another authority is refused by the client.
        ProcessResult mistrusted = await tools.PubAsync(
            ["-h", "localhost", "-p", broker.PortText, "--cafile", other.File, .. other.Client("alice"), "-t", "a", "-m", "b"]);
        Assert.NotEqual(0, mistrusted.ExitCode);
        Assert.Contains("A TLS error occurred.", mistrusted.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("New client connected", broker.Log, StringComparison.Ordinal);
    }

    [RequiresToolTheory(MosquittoClient.Pub)]
    [InlineData(ToolSet.Mosquitto)]
    [InlineData(ToolSet.Nightjar)]
    public async Task Client_WithSubjectAsUserName_IsCalledAsMosquittoCallsIt(string maker)
    {
        var tools = new ToolSet(maker);
        using var authority = await Authority.CreateAsync(_folder);
        await authority.IssueClientAsync("alice");
        await using BrokerProcess broker = await StartAsync(authority, "use_subject_as_username true\n");

        (await tools.PubAsync([.. Client(broker, authority, "alice"), "-i", "one", "-t", "a", "-m", "b"])).AssertExitCode();

        await broker.WaitForLogAsync(" as one (p4, c1, k60, u'CN=alice').");
    }

    [RequiresToolFact(MosquittoClient.Pub)]
    public async Task Reload_OfANewServerCertificate_ShowsItToNewClients()
    {
        var tools = new ToolSet(ToolSet.Mosquitto);
        using var authority = await Authority.CreateAsync(_folder);
        await authority.IssueClientAsync("alice");
        await using BrokerProcess broker = await StartAsync(authority, "");
        using var next = await Authority.CreateAsync(_folder, "next");
        await next.IssueClientAsync("alice");
        string[] client = ["-h", "localhost", "-p", broker.PortText, "--cafile", next.File, .. next.Client("alice"), "-t", "a", "-m", "b"];
        Assert.NotEqual(0, (await tools.PubAsync(client)).ExitCode);

        await broker.ReloadAsync(ports => Configuration(ports[0], next, ""));

        (await tools.PubAsync(client)).AssertExitCode();
        Assert.NotEqual(0, (await tools.PubAsync([.. Client(broker, authority, "alice"), "-t", "a", "-m", "b"])).ExitCode);
    }

    private static Task<BrokerProcess> StartAsync(Authority authority, string more) => BrokerProcess.StartAsync(1, ports => Configuration(ports[0], authority, more));

    private static string Configuration(int port, Authority authority, string more) => $"""
        listener {port} 127.0.0.1
        allow_anonymous true
        cafile {authority.File}
        certfile {authority.ServerCertificate}
        keyfile {authority.ServerKey}
        crlfile {authority.RevocationList}
        require_certificate true
        {more}
        """;

    private static string[] Client(BrokerProcess broker, Authority authority, string name) =>
        ["-h", "localhost", "-p", broker.PortText, "--cafile", authority.File, .. authority.Client(name)];

    [GeneratedRegex(@"Client writer negotiated TLSv1\.3 cipher TLS_[A-Z0-9_]+$")]
    private static partial Regex Negotiated();
}
