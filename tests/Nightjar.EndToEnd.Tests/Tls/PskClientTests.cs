using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Nightjar.Transport.OpenSsl;
using Nightjar.Transport.OpenSsl.Keys;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Tls;

/// <summary>TLS-PSK with Debian's mosquitto-clients on either side of a broker in this process.</summary>
[SuppressMessage("Design", "CA1001", Justification = "xUnit calls IAsyncLifetime.DisposeAsync.")]
public sealed class PskClientTests : IAsyncLifetime
{
    // Keys as a user would write them; what each client gives is in the tests.
    private const string Keys = "plain:aabbcc\nzeros:0000aabb\nodd:abc\nodd zeros:00abc\n";

    private readonly string _file = Path.GetTempFileName();
    private readonly LeakCheck _leak = new();
    private readonly ConcurrentQueue<string?> _users = new();
    private PskServerContext? _context;
    private MqttBroker? _broker;
    private int _port;

    public async Task InitializeAsync()
    {
        File.WriteAllText(_file, Keys);
        _context = new PskServerContext(new PskServerOptions { Keys = PskFile.Load(_file).Keys, Hint = "hint", BufferPool = _leak.Pool });
        var listener = new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = _context, UserNameSource = UserNameSource.Identity };
        _broker = new MqttBroker(new BrokerOptions { AllowAnonymous = true, Listeners = [listener] });
        _broker.ClientConnected += client => _users.Enqueue(client.UserName);
        await _broker.StartAsync();
        _port = ((IPEndPoint)_broker.EndPoints[0]).Port;
    }

    public async Task DisposeAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync();
        _context?.Dispose();
        File.Delete(_file);
        await _leak.AssertReturnsToZeroAsync();
    }

    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("plain", "aabbcc")]
    [InlineData("plain", "AABBCC")]
    [InlineData("zeros", "0000aabb")]
    [InlineData("odd", "0abc")]
    [InlineData("odd", "abc")]
    [InlineData("odd zeros", "00abc")]
    [InlineData("odd zeros", "000abc")]
    public async Task Message_BetweenClientsWithKeys_Arrives(string identity, string key)
    {
        await using RunningProcess subscriber = RunningProcess.Start(
            "/usr/bin/stdbuf", ["-oL", ExternalTool.Require(MosquittoClient.Sub), .. Arguments("plain", "aabbcc"), "-d", "-t", "#", "-C", "1", "-F", "got %t %l"]);
        await subscriber.WaitForLineAsync(line => line.StartsWith("Subscribed (mid: ", StringComparison.Ordinal));
        string payload = new('x', 200_000);

        (await PublishAsync(identity, key, payload)).AssertExitCode();

        Assert.Contains("got a 200000", (await subscriber.WaitForExitAsync()).AssertExitCode().Output, StringComparison.Ordinal);
        Assert.Equal(["plain", identity], _users);
    }

    [RequiresToolTheory(MosquittoClient.Pub)]
    [InlineData("plain", "aabbcd")]
    [InlineData("zeros", "aabb")]
    [InlineData("zeros", "00aabb")]
    [InlineData("nobody", "aabbcc")]
    public async Task Client_WithTheWrongKeyOrIdentity_IsRefused(string identity, string key)
    {
        ProcessResult result = await PublishAsync(identity, key, "x");

        Assert.NotEqual(0, result.ExitCode);
        await Wait.UntilAsync(() => _broker!.ConnectionCount == 0, "the refused connection to go");
    }

    [Theory]
    [InlineData("zeros", "0000aabb", 0, "")]
    [InlineData("zeros", "0000aabb", 0, "", "--ciphers", "PSK-AES128-GCM-SHA256")]
    [InlineData("zeros", "aabb", 8, "bad record mac", "-d")]
    [InlineData("nobody", "0000aabb", 8, "bad record mac", "-d")]
    [InlineData("zeros", "xyz", 1, "Error: Problem setting TLS-PSK options.")]
    [InlineData("zeros", "aabb", 1, "Pre-shared keys are for TLS 1.2", "-d", "--tls-version", "tlsv1.3")]
    [InlineData("zeros", "aabb", 1, "Check cipher list \"nonsense\"", "-d", "--ciphers", "nonsense")]
    public async Task OurOwnTool_WithAKey_DoesAsMosquittos(string identity, string key, int code, string says, params string[] more)
    {
        (string file, string[] first) = BrokerProcess.Command();

        ProcessResult result = await ProcessRunner.RunAsync(file, [.. first, "pub", .. Arguments(identity, key), "-t", "a", "-q", "1", "-m", "x", .. more]);

        result.AssertExitCode(code);
        Assert.Contains(says, result.Output + result.Errors, StringComparison.Ordinal);
        Assert.Equal(code == 0 ? [identity] : [], _users);
    }

    [RequiresToolFact("openssl")]
    public async Task OpenSsl_AsAClient_GetsNoTls13AndNoTicket()
    {
        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require("openssl"),
            ["s_client", "-connect", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}"), "-psk_identity", "zeros", "-psk", "0000aabb"]);

        Assert.Contains("New, TLSv1.2, Cipher is ECDHE-PSK-CHACHA20-POLY1305", result.Output, StringComparison.Ordinal);
        Assert.Contains("PSK identity hint: hint", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("TLS session ticket:", result.Output, StringComparison.Ordinal);
    }

    private Task<ProcessResult> PublishAsync(string identity, string key, string payload) =>
        ProcessRunner.RunAsync(ExternalTool.Require(MosquittoClient.Pub), [.. Arguments(identity, key), "-t", "a", "-q", "1", "-s"], payload);

    private string[] Arguments(string identity, string key) =>
        ["-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture), "--psk", key, "--psk-identity", identity];
}
