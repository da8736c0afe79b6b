using System.Text;
using Nightjar.Testing;
using Nightjar.Transport.WebSockets;
using Xunit;

namespace Nightjar.Transport.Tests.WebSockets;

public class OpeningHandshakeTests
{
    [Fact]
    public async Task Request_OfEveryHeader_IsAnsweredAsMosquittoDoes()
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        Assert.Equal(client.LocalEndPoint, server.RemoteEndPoint);
        Assert.Equal(peer.Listener.LocalEndPoint, server.LocalEndPoint);
    }

    [Fact]
    public async Task Request_OneByteAtATime_IsAccepted()
    {
        await using var peer = new WebSocketPeer(capacity: 1);
        TransportConnection client = await peer.OpenAsync();
        Task<string> answer = client.ReadTextAsync(WebSocketPeer.Answer.Length);
        client.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request));
        await peer.AcceptAsync();
        Assert.Equal(WebSocketPeer.Answer, await answer.WaitAsync(Wire.Guard));
    }

    [Fact]
    public async Task Request_WithFramesBehind_LeavesThemForTheReader()
    {
        await using var peer = new WebSocketPeer();
        TransportConnection client = await peer.OpenAsync();
        client.Send([.. Encoding.ASCII.GetBytes(WebSocketPeer.Request), .. WebSocketPeer.Frame(2, [1, 2, 3])]);
        Assert.Equal([1, 2, 3], await (await peer.AcceptAsync()).ReadAsync(3));
    }

    [Theory]
    [InlineData("Upgrade: websocket", "uPGRADE:WebSocket")]
    [InlineData("Connection: keep-alive, Upgrade", "connection: upgrade")]
    [InlineData("Protocol: mqtt", "Protocol: mqttv3.1, mqtt")]
    [InlineData("Protocol: mqtt", "Protocol: chat\r\nSec-WebSocket-Protocol: mqtt")]
    [InlineData("/mqtt", "/")]
    [InlineData("Host: localhost", "Host: localhost\r\nSec-WebSocket-Extensions: permessage-deflate\r\nCookie: a=b; c=d")]
    public async Task Request_SaidOtherwise_IsAnsweredTheSame(string said, string otherwise)
    {
        await using var peer = new WebSocketPeer();
        TransportConnection client = await peer.OpenAsync();
        client.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request.Replace(said, otherwise, StringComparison.Ordinal)));
        await peer.AcceptAsync();
        Assert.Equal(WebSocketPeer.Answer, await client.ReadTextAsync(WebSocketPeer.Answer.Length));
    }

    [Fact]
    public async Task Request_ForMqttv31Only_IsAnsweredWithIt()
    {
        await using var peer = new WebSocketPeer();
        TransportConnection client = await peer.OpenAsync();
        client.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request.Replace("Protocol: mqtt", "Protocol: mqttv3.1", StringComparison.Ordinal)));
        await peer.AcceptAsync();
        Assert.EndsWith("\r\nSec-WebSocket-Protocol: mqttv3.1\r\n\r\n", await client.ReadTextAsync(WebSocketPeer.Answer.Length + 4), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "POST")]
    [InlineData("/mqtt ", "")]
    [InlineData("HTTP/1.1", "HTTP/1.0")]
    [InlineData("Upgrade: websocket\r\n", "")]
    [InlineData("Upgrade: websocket", "Upgrade: h2c")]
    [InlineData(", Upgrade", "")]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "dGhl")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "****************!!!!====")]
    [InlineData("Version: 13\r\n", "Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")]
    [InlineData("Version: 13", "Version: 8")]
    [InlineData("Sec-WebSocket-Version: 13\r\n", "")]
    [InlineData("Sec-WebSocket-Protocol: mqtt\r\n", "")]
    [InlineData("Protocol: mqtt", "Protocol: MQTT")]
    [InlineData("Protocol: mqtt", "Protocol: mqtt5")]
    [InlineData("Host: ", "Host : ")]
    [InlineData("Host: localhost", "Host")]
    [InlineData("Host: localhost", "Host: local\nhost")]
    [InlineData("Host: localhost", "Host: localhost\r\n folded")]
    public async Task Request_Wrong_Gets400AndTheEnd(string said, string wrong)
    {
        await using var peer = new WebSocketPeer();
        _ = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        TransportConnection client = await peer.OpenAsync();
        client.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request.Replace(said, wrong, StringComparison.Ordinal)));
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", await client.ReadTextAsync(int.MaxValue), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FirstBytes_OfAnotherProtocol_AreRefusedAtOnce()
    {
        await using var peer = new WebSocketPeer();
        _ = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        TransportConnection client = await peer.OpenAsync();
        client.Send([0x10]);
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", await client.ReadTextAsync(int.MaxValue), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8 * 1024, true)]
    [InlineData((8 * 1024) + 1, false)]
    public async Task Request_OfASize_IsBounded(int size, bool isAccepted)
    {
        await using var peer = new WebSocketPeer();
        Task<TransportConnection?> accepting = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        TransportConnection client = await peer.OpenAsync();
        string padding = "X-Padding: " + new string('x', size - WebSocketPeer.Request.Length - "X-Padding: \r\n".Length) + "\r\n";
        client.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request.Replace("Host:", padding + "Host:", StringComparison.Ordinal)));
        Assert.StartsWith(isAccepted ? "HTTP/1.1 101 " : "HTTP/1.1 400 ", await client.ReadTextAsync(13), StringComparison.Ordinal);
        if (isAccepted)
            await (await accepting.WaitAsync(Wire.Guard))!.DisposeAsync();
    }

    [Theory]
    [InlineData("Origin: https://b.example\r\n", true)]
    [InlineData("Origin: https://B.example\r\n", false)]
    [InlineData("Origin: https://b.example.org\r\n", false)]
    [InlineData("", false)]
    public async Task Request_OfAnOrigin_IsComparedExactly(string origin, bool isAccepted)
    {
        await using var peer = new WebSocketPeer(new WebSocketListenerOptions { AllowedOrigins = ["https://a.example", "https://b.example"] });
        Task<TransportConnection?> accepting = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        TransportConnection client = await peer.OpenAsync();
        client.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request.Replace("Host:", origin + "Host:", StringComparison.Ordinal)));
        Assert.Equal(isAccepted ? "HTTP/1.1 101 " : "HTTP/1.1 403 ", await client.ReadTextAsync(13));
        if (isAccepted)
            await (await accepting.WaitAsync(Wire.Guard))!.DisposeAsync();
    }

    [Fact]
    public async Task Request_Unfinished_HoldsUpNobodyAndEndsWithItsTime()
    {
        var clock = new FakeTimeProvider();
        await using var peer = new WebSocketPeer(new WebSocketListenerOptions { TimeProvider = clock });
        TransportConnection slow = await peer.OpenAsync();
        slow.Send("GET /"u8);
        TransportConnection silent = await peer.OpenAsync();
        await peer.ConnectAsync();
        clock.Advance(TimeSpan.FromSeconds(9.9));
        await peer.ConnectAsync();
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Empty(await slow.ReadToEndAsync());
        Assert.Empty(await silent.ReadToEndAsync());
    }

    [Fact]
    public async Task Peer_GoneInTheHandshake_IsForgotten()
    {
        await using var peer = new WebSocketPeer();
        TransportConnection client = await peer.OpenAsync();
        client.Send("GET / HTTP/1.1\r\n"u8);
        client.Output.Complete();
        _ = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Connections_BeyondTheMostHandshakes_AreReset()
    {
        await using var peer = new WebSocketPeer(new WebSocketListenerOptions { MaximumHandshakes = 1 });
        Task<TransportConnection?> accepting = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        TransportConnection first = await peer.OpenAsync();
        TransportConnection second = await peer.OpenAsync();
        Assert.Empty(await second.ReadToEndAsync());
        first.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request));
        await (await accepting.WaitAsync(Wire.Guard))!.DisposeAsync();
    }

    [Fact]
    public async Task Listener_Disposed_EndsHandshakesAndUnaccepted()
    {
        await using var peer = new WebSocketPeer();
        Task<TransportConnection?> accepting = peer.Listener.AcceptAsync(CancellationToken.None).AsTask();
        TransportConnection one = await peer.OpenAsync();
        one.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request));
        await using TransportConnection accepted = (await accepting.WaitAsync(Wire.Guard))!;
        TransportConnection unaccepted = await peer.OpenAsync();
        unaccepted.Send(Encoding.ASCII.GetBytes(WebSocketPeer.Request));
        Assert.Equal(WebSocketPeer.Answer, await unaccepted.ReadTextAsync(WebSocketPeer.Answer.Length));
        TransportConnection unfinished = await peer.OpenAsync();
        await peer.Listener.DisposeAsync();
        Assert.Empty(await unaccepted.ReadToEndAsync());
        Assert.Empty(await unfinished.ReadToEndAsync());
        Assert.Null(await peer.Listener.AcceptAsync(CancellationToken.None));
    }
}
