using System.Net;
using System.Net.WebSockets;
using Nightjar.Testing;
using Nightjar.Transport.WebSockets;
using Xunit;

namespace Nightjar.Transport.Tests.WebSockets;

/// <summary>The runtime's own client over TCP.</summary>
public class ClientWebSocketTests
{
    [Fact]
    public async Task Echo_OverTcp_CarriesBytesAndCloses()
    {
        var leaks = new LeakCheck();
        await using (TransportListener listener = Listen(leaks))
        {
            using var client = new ClientWebSocket();
            client.Options.AddSubProtocol("mqtt");
            Task<TransportConnection?> accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
            await client.ConnectAsync(AddressOf(listener), CancellationToken.None).WaitAsync(Wire.Guard);
            Assert.Equal("mqtt", client.SubProtocol);
            await using TransportConnection server = (await accepting.WaitAsync(Wire.Guard))!;
            Task echo = EchoAsync(server);
            byte[] data = Wire.Pattern(1_000_000);
            Task sending = SendAsync(client, data);
            byte[] received = new byte[data.Length];
            for (int count = 0; count < received.Length;)
            {
                ValueWebSocketReceiveResult result = await client.ReceiveAsync(received.AsMemory(count), CancellationToken.None).AsTask().WaitAsync(Wire.Guard);
                Assert.Equal(WebSocketMessageType.Binary, result.MessageType);
                count += result.Count;
            }
            await sending.WaitAsync(Wire.Guard);
            Assert.Equal(data, received);
            await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None).WaitAsync(Wire.Guard);
            Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
            await echo.WaitAsync(Wire.Guard);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Close_OfTheServer_IsAClosureForTheClient()
    {
        var leaks = new LeakCheck();
        await using TransportListener listener = Listen(leaks);
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("mqtt");
        Task<TransportConnection?> accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        await client.ConnectAsync(AddressOf(listener), CancellationToken.None).WaitAsync(Wire.Guard);
        await using TransportConnection server = (await accepting.WaitAsync(Wire.Guard))!;
        server.Send([1, 2, 3]);
        Task closing = server.CloseAsync(Wire.Guard).AsTask();
        byte[] buffer = new byte[10];
        Assert.Equal(3, (await client.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)).Count);
        Assert.Equal(WebSocketMessageType.Close, (await client.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)).MessageType);
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await closing.WaitAsync(Wire.Guard);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
    }

    [Fact]
    public async Task ManyClients_AtOnce_AreAllLetIn()
    {
        var leaks = new LeakCheck();
        await using TransportListener listener = Listen(leaks);
        Task<int> accepting = AcceptAsync(listener, 50);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var client = new ClientWebSocket();
            client.Options.AddSubProtocol("mqtt");
            await client.ConnectAsync(AddressOf(listener), CancellationToken.None).WaitAsync(Wire.Guard);
        }));
        Assert.Equal(50, await accepting.WaitAsync(Wire.Guard));
    }

    private static WebSocketListener Listen(LeakCheck leaks) => new(
        SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), new SocketTransportOptions { BufferPool = leaks.Pool }),
        new WebSocketListenerOptions { BufferPool = leaks.Pool });

    private static Uri AddressOf(TransportListener listener) => new($"ws://{listener.LocalEndPoint}/mqtt");

    private static async Task<int> AcceptAsync(TransportListener listener, int count)
    {
        int accepted = 0;
        for (; accepted < count; accepted++)
            await (await listener.AcceptAsync(CancellationToken.None))!.DisposeAsync();
        return accepted;
    }

    // Messages of many sizes, in fragments now and then.
    private static async Task SendAsync(ClientWebSocket client, byte[] data)
    {
        var random = new Random(5);
        for (int sent = 0; sent < data.Length;)
        {
            int count = Math.Min(random.Next(1, 30_000), data.Length - sent);
            bool ends = random.Next(3) > 0 || sent + count == data.Length;
            await client.SendAsync(data.AsMemory(sent, count), WebSocketMessageType.Binary, ends, CancellationToken.None);
            sent += count;
        }
    }

    private static async Task EchoAsync(TransportConnection server)
    {
        while (true)
        {
            System.IO.Pipelines.ReadResult result = await server.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                server.Write(segment.Span);
            server.Input.AdvanceTo(result.Buffer.End);
            await server.Output.FlushAsync();
            if (result.IsCompleted)
                break;
        }
        await server.CloseAsync(Wire.Guard);
    }
}
