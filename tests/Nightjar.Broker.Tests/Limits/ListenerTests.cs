using System.Net;
using System.Net.Sockets;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Nightjar.Transport.Buffers;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Who is let in at accept, and sockets of other kinds, over the operating system's sockets.</summary>
public sealed class ListenerTests
{
    private static IPEndPoint Loopback => new(IPAddress.Loopback, 0);

    [Theory]
    [InlineData("127.0.0.1", "", "", true)]
    [InlineData("127.0.0.1", "127.0.0.0/8", "", true)]
    [InlineData("127.0.0.1", "10.0.0.0/8,127.0.0.1/32", "", true)]
    [InlineData("127.0.0.1", "10.0.0.0/8", "", false)]
    [InlineData("127.0.0.1", "::/0", "", false)]
    [InlineData("127.0.0.1", "", "127.0.0.1/32", false)]
    [InlineData("127.0.0.1", "127.0.0.0/8", "127.0.0.1/32", false)]
    [InlineData("127.0.0.1", "", "127.0.0.2/31", true)]
    // A range of IPv4 addresses in IPv6 form is one of IPv4 addresses; that of all IPv6 addresses is not.
    [InlineData("127.0.0.1", "", "::ffff:127.0.0.0/104", false)]
    [InlineData("127.0.0.1", "::ffff:127.0.0.1/128", "", true)]
    [InlineData("127.0.0.1", "", "::/0", true)]
    [InlineData("::1", "::1/128", "", true)]
    [InlineData("::1", "127.0.0.0/8", "", false)]
    [InlineData("::1", "", "::/0", false)]
    public async Task Address_ByTheListenersRules_IsLetInOrNot(string address, string allow, string deny, bool isLetIn)
    {
        if (address == "::1" && !Socket.OSSupportsIPv6) return;
        var listener = new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Parse(address), 0), AllowFrom = Networks(allow), DenyFrom = Networks(deny) };
        var log = new RecordingLogger();
        await using var broker = await StartAsync(LimitTests.Options, log, listener);
        if (isLetIn)
        {
            await using var client = await ConnectAsync(broker);
            await client.ExpectNothingAsync();
            Assert.Equal(0, broker.Reached(BrokerLimit.AddressRules));
            return;
        }

        await ExpectRefusedAsync(broker);
        Assert.Equal(1, broker.Reached(BrokerLimit.AddressRules));
        var line = Assert.Single(log.Lines, line => line.Text.Contains("denied", StringComparison.Ordinal));
        Assert.StartsWith($"Client connection from {(address == "::1" ? "[::1]" : address)}:", line.Text, StringComparison.Ordinal);
        Assert.EndsWith(" denied: address not allowed.", line.Text, StringComparison.Ordinal);
        Assert.Equal(0, broker.Core.Connections.Accepted);
    }

    [Fact]
    public async Task WebSocketFromADeniedAddress_IsClosedBeforeItsHandshake()
    {
        var listener = new ListenerOptions { EndPoint = Loopback, Protocol = ListenerProtocol.WebSockets, DenyFrom = Networks("127.0.0.0/8") };
        await using var broker = await StartAsync(LimitTests.Options, new RecordingLogger(), listener);
        // Nothing is sent: without the rule the broker would wait for the request.
        await ExpectRefusedAsync(broker);
        Assert.Equal(1, broker.Reached(BrokerLimit.AddressRules));
    }

    [Fact]
    public async Task ConnectionsOfOneAddress_OverTheirRate_AreClosedAtAccept()
    {
        var clock = new FakeTimeProvider();
        var log = new RecordingLogger();
        await using var broker = await StartAsync(LimitTests.Options with { MaximumConnectRate = 3 }, log, new ListenerOptions { EndPoint = Loopback }, clock);
        for (var i = 0; i < 3; i++)
        {
            await using var client = await ConnectAsync(broker);
            await client.ExpectNothingAsync();
        }

        await ExpectRefusedAsync(broker);
        Assert.Equal(1, broker.Reached(BrokerLimit.MaximumConnectRate));
        Assert.Contains(log.Lines, line => line.Text.EndsWith(" denied: connection rate exceeded.", StringComparison.Ordinal));
        clock.Advance(TimeSpan.FromMilliseconds(334));
        await using (var one = await ConnectAsync(broker)) await one.ExpectNothingAsync();
        await ExpectRefusedAsync(broker);
        broker.Reload(options => options with { MaximumConnectRate = 0 });
        for (var i = 0; i < 5; i++)
        {
            await using var client = await ConnectAsync(broker);
            await client.ExpectNothingAsync();
        }

        Assert.Equal(2, broker.Reached(BrokerLimit.MaximumConnectRate));
    }

    [Fact]
    public async Task UnixSocket_WithAddressRules_LetsEverybodyInAndIsToldInTheLog()
    {
        var path = NewPath();
        var log = new RecordingLogger();
        var listener = new ListenerOptions { EndPoint = new UnixDomainSocketEndPoint(path), AllowFrom = Networks("10.0.0.0/8") };
        await using (var broker = await StartAsync(LimitTests.Options with { MaximumConnectRate = 1 }, log, listener))
        {
            for (var i = 0; i < 3; i++)
            {
                await using var client = await ConnectAsync(broker);
                await client.ExpectNothingAsync();
            }

            if (!OperatingSystem.IsWindows())
                Assert.Equal(Convert.ToInt32("770", 8), (int)File.GetUnixFileMode(path));
        }

        Assert.False(File.Exists(path));
        Assert.Contains(log.Lines, line => line.Text == $"Opening unix listen socket on path {path}.");
        Assert.Contains(log.Lines, line => line.Text == $"New connection from {path}:0 on port 0.");
        Assert.Contains(log.Lines, line => line.Text.StartsWith($"New client connected from {path}:0 as c (p5,", StringComparison.Ordinal));
    }

    [Fact]
    public async Task UnixSocket_LeftByADeadListener_IsReplaced()
    {
        var path = NewPath();
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
            dead.Listen();
            // The file of a process that was killed stays.
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
        await using var broker = await StartAsync(LimitTests.Options, new RecordingLogger(), new ListenerOptions { EndPoint = new UnixDomainSocketEndPoint(path) });
        await using var client = await ConnectAsync(broker);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task UnixSocket_WhereSomebodyListens_IsLeftAlone()
    {
        var path = NewPath();
        var listener = new ListenerOptions { EndPoint = new UnixDomainSocketEndPoint(path) };
        await using var broker = await StartAsync(LimitTests.Options, new RecordingLogger(), listener);
        var error = await Assert.ThrowsAsync<SocketException>(() => StartAsync(LimitTests.Options, new RecordingLogger(), listener));
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        await using var client = await ConnectAsync(broker);
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UnixSocket_WhereSomethingElseIs_IsAnErrorAndNothingIsRemoved(bool isDirectory)
    {
        var path = NewPath();
        if (isDirectory) Directory.CreateDirectory(path);
        else await File.WriteAllTextAsync(path, "mine");
        try
        {
            var error = await Assert.ThrowsAsync<SocketException>(
                () => StartAsync(LimitTests.Options, new RecordingLogger(), new ListenerOptions { EndPoint = new UnixDomainSocketEndPoint(path) }));
            Assert.Contains("is no socket", error.Message, StringComparison.Ordinal);
            Assert.True(Path.Exists(path));
        }
        finally
        {
            if (isDirectory) Directory.Delete(path);
            else File.Delete(path);
        }
    }

    [Fact]
    public async Task Device_ThatExists_IsListenedOn()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var broker = await StartAsync(LimitTests.Options, new RecordingLogger(), new ListenerOptions { EndPoint = Loopback, BindInterface = "lo" });
        await using var client = await ConnectAsync(broker);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Device_ThatDoesNotExist_IsAnErrorThatNamesIt()
    {
        if (!OperatingSystem.IsLinux()) return;
        var error = await Assert.ThrowsAsync<SocketException>(
            () => StartAsync(LimitTests.Options, new RecordingLogger(), new ListenerOptions { EndPoint = Loopback, BindInterface = "no-device0" }));
        Assert.Contains("'no-device0'", error.Message, StringComparison.Ordinal);
    }

    private static string NewPath() => Path.Combine(Path.GetTempPath(), $"nightjar-{Guid.NewGuid():N}.sock");

    private static IPNetwork[] Networks(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(part => IPNetwork.Parse(part))];

    private static async Task<MqttBroker> StartAsync(BrokerOptions options, RecordingLogger log, ListenerOptions listener, TimeProvider? clock = null)
    {
        var broker = new MqttBroker(options with { Listeners = [listener] }, log, clock);
        try
        {
            await broker.StartAsync();
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    private static async Task<WireClient> OpenAsync(MqttBroker broker) =>
        new(await SocketTransport.ConnectAsync(broker.EndPoints[0], new SocketTransportOptions { BufferPool = new BufferPool() }, CancellationToken.None), ProtocolVersion.Mqtt50);

    // The reset may come before the client has seen that it was connected.
    private static async Task ExpectRefusedAsync(MqttBroker broker)
    {
        try
        {
            await using var refused = await OpenAsync(broker);
            Assert.Null(await refused.TryReceiveAsync());
        }
        catch (SocketException exception)
        {
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }
    }

    private static async Task<WireClient> ConnectAsync(MqttBroker broker)
    {
        var client = await OpenAsync(broker);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c"));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        return client;
    }
}
