using System.Net;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Broker.Configuration;
using Nightjar.Client;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Certificates;
using Nightjar.Transport;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Broker.Tests.Tls;

/// <summary>Listeners with certificates: what clients see and what the log says.</summary>
public sealed class TlsBrokerTests : IDisposable
{
    private static readonly BrokerOptions Options = new() { SysInterval = TimeSpan.Zero, AllowAnonymous = true };
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private readonly TestCertificates _certificates = new();
    private readonly TestDirectory _directory = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Connect_OverTls_IsServedAndLogged(ProtocolVersion version)
    {
        await using TestBroker broker = await StartAsync(requireCertificate: true);
        using TlsClientContext context = Client(_certificates.Client("CN=joe"));
        await using var client = new WireClient(await context.ConnectAsync(await broker.OpenTransportAsync(), "localhost", CancellationToken.None), version);
        await client.SendAsync(WirePackets.Connect(version, "joe-1"));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        await client.SubscribeAsync("a/#");
        await client.PublishAsync("a/b", new string('x', 100_000));
        Assert.Equal(100_000, (await client.ReceivePublishAsync()).Payload.Length);
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        string[] lines = [.. broker.Log.Lines.Select(line => line.Text)];
        int connected = Array.FindIndex(lines, line => line.StartsWith("New client connected from memory:", StringComparison.Ordinal));
        Assert.Equal("Client joe-1 negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384", lines[connected + 1]);
    }

    [Fact]
    public async Task Connect_WithoutTheCertificateThatIsRequired_IsRefusedAndLogged()
    {
        await using TestBroker broker = await StartAsync(requireCertificate: true);
        using TlsClientContext context = Client(null);
        await using (var client = new WireClient(
            await context.ConnectAsync(await broker.OpenTransportAsync(), "localhost", CancellationToken.None), ProtocolVersion.Mqtt311))
        {
            await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt311, "c"));
            await client.ExpectClosedAsync();
        }

        await broker.WaitForConnectionsAsync(0);
        Assert.Contains(broker.Log.Lines, line => line.Text == "OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate");
        Assert.Contains(broker.Log.Lines, line =>
            line.Text.StartsWith("Client <unknown> [", StringComparison.Ordinal) && line.Text.EndsWith("] disconnected: protocol error.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_WithARevokedCertificate_IsRefusedAndLogged()
    {
        X509Certificate2 revoked = _certificates.Client("CN=gone\r\nforged");
        string list = _directory.Write("list.crl", _certificates.RevocationList(_certificates.Root, [revoked]));
        await using TestBroker broker = await StartAsync(requireCertificate: true, list);
        using TlsClientContext context = Client(revoked);
        await using (var client = new WireClient(
            await context.ConnectAsync(await broker.OpenTransportAsync(), "localhost", CancellationToken.None), ProtocolVersion.Mqtt311))
        {
            await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt311, "c"));
            await client.ExpectClosedAsync();
        }

        await broker.WaitForConnectionsAsync(0);
        string line = Assert.Single(broker.Log.Lines, line => line.Text.StartsWith("OpenSSL Error[0]: ", StringComparison.Ordinal)).Text;
        Assert.StartsWith("OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed (certificate revoked, unspecified: CN=", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public async Task Connection_ThatSendsHelloAndNothingElse_IsClosedTenSecondsAfterAccept()
    {
        await using TestBroker broker = await StartAsync();
        WireClient silent = await broker.OpenAsync();
        await broker.WaitForConnectionsAsync(1);
        byte[] hello = await ClientHello.MakeAsync();
        await silent.SendAsync(hello);
        Assert.Equal(0x16, (await silent.ReceiveBytesAsync(5))[0]);
        broker.Advance(TimeSpan.FromSeconds(10) - Moment);
        Assert.Equal(1, broker.Broker.ConnectionCount);
        broker.Advance(Moment * 2);
        await broker.WaitForConnectionsAsync(0);
        Assert.Contains(broker.Log.Lines, line => line.Text.EndsWith("disconnected: exceeded timeout.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connection_ThatSendsHalfAHello_IsClosedTenSecondsAfterAccept()
    {
        await using TestBroker broker = await StartAsync();
        WireClient slow = await broker.OpenAsync();
        await broker.WaitForConnectionsAsync(1);
        byte[] hello = await ClientHello.MakeAsync();
        for (int i = 0; i < 9; i++)
        {
            await slow.SendAsync(hello.AsMemory(i * 10, 10));
            broker.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, broker.Broker.ConnectionCount);
        }

        broker.Advance(TimeSpan.FromSeconds(1) + Moment);
        await slow.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
    }

    [Fact]
    public async Task Connection_ThatSpeaksPlainMqtt_IsClosedAndLogged()
    {
        await using TestBroker broker = await StartAsync();
        WireClient plain = await broker.OpenAsync(ProtocolVersion.Mqtt311);
        await plain.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt311, "plain"));
        await plain.ExpectEndAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Contains(broker.Log.Lines, line => line.Text.StartsWith("OpenSSL Error[0]: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_ListenersWithTls_ServeSocketsAndWebSockets()
    {
        using CertificateServerContext server = Server();
        ListenerOptions mqtt = new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = server };
        await using var broker = new MqttBroker(Options with { Listeners = [mqtt, mqtt with { Protocol = ListenerProtocol.WebSockets }] });
        await broker.StartAsync();
        using TlsClientContext context = Client(null);
        await using var client = new MqttClient();
        ConnectResult result = await client.ConnectAsync(broker.EndPoints[0], new MqttClientOptions { Tls = context, TlsHost = "localhost" }).WaitAsync(Wait.Guard);
        Assert.True(result.IsAccepted);
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == _certificates.Server.Thumbprint;
        await socket.ConnectAsync(new Uri($"wss://localhost:{((IPEndPoint)broker.EndPoints[1]).Port}/mqtt"), CancellationToken.None).WaitAsync(Wait.Guard);
        await socket.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt311, "ws"), WebSocketMessageType.Binary, true, CancellationToken.None).WaitAsync(Wait.Guard);
        byte[] answer = new byte[4];
        await socket.ReceiveAsync(answer, CancellationToken.None).WaitAsync(Wait.Guard);
        Assert.Equal([0x20, 2, 0, 0], answer);
        await client.DisconnectAsync();
    }

    [Fact]
    public async Task ConnectAsync_ServerOfAnotherAuthorityOrName_Throws()
    {
        await using TestBroker broker = await StartAsync();
        using var others = new TestCertificates("Other");
        using (TlsClientContext context = CertificateClientContext.Load(new CertificateClientOptions { Authorities = [others.Root] }))
        {
            AuthenticationException failure = await Assert.ThrowsAsync<AuthenticationException>(
                async () => await context.ConnectAsync(await broker.OpenTransportAsync(), "localhost", CancellationToken.None));
            Assert.Contains("unable to get local issuer certificate", failure.Message, StringComparison.Ordinal);
        }

        using (TlsClientContext context = Client(null))
        {
            AuthenticationException failure = await Assert.ThrowsAsync<AuthenticationException>(
                async () => await context.ConnectAsync(await broker.OpenTransportAsync(), "elsewhere", CancellationToken.None));
            Assert.Contains("host name verification failed", failure.Message, StringComparison.Ordinal);
        }

        using (TlsClientContext context = CertificateClientContext.Load(new CertificateClientOptions { Authorities = [_certificates.Root], IgnoreHostName = true }))
        await using (await context.ConnectAsync(await broker.OpenTransportAsync(), "elsewhere", CancellationToken.None)) { }
    }

    private Task<TestBroker> StartAsync(bool requireCertificate = false, string? list = null) =>
        TestBroker.StartAsync(Options, new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = Server(requireCertificate, list) });

    private CertificateServerContext Server(bool requireCertificate = false, string? list = null) => CertificateServerContext.Load(new CertificateServerOptions
    {
        Certificate = _certificates.Server,
        Authorities = [_certificates.Root],
        RequireCertificate = requireCertificate,
        RevocationFile = list,
    });

    private CertificateClientContext Client(X509Certificate2? certificate) =>
        CertificateClientContext.Load(new CertificateClientOptions { Authorities = [_certificates.Root], Certificate = certificate });
}
