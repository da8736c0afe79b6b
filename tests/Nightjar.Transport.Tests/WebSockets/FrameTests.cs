using System.Net.Sockets;
using Xunit;
using static Nightjar.Transport.Tests.WebSockets.WebSocketPeer;

namespace Nightjar.Transport.Tests.WebSockets;

public class FrameTests
{
    private static readonly byte[] NormalClosure = [0x88, 2, 0x03, 0xE8];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(1_000_000)]
    public async Task Binary_OfALength_IsUnmasked(int length)
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        byte[] data = Wire.Pattern(length);
        client.Send([.. Frame(2, data), .. Frame(2, [1, 2, 3])]);
        Assert.Equal([.. data, 1, 2, 3], await server.ReadAsync(length + 3));
    }

    [Fact]
    public async Task Frames_SplitAtEveryByte_AreOneStream()
    {
        await using var peer = new WebSocketPeer(capacity: 1);
        TransportConnection client = await peer.OpenAsync();
        client.Send(System.Text.Encoding.ASCII.GetBytes(Request));
        TransportConnection server = await peer.AcceptAsync();
        byte[] data = Wire.Pattern(700);
        client.Send([
            .. Frame(2, data.AsSpan(0, 1)), .. Frame(2, data.AsSpan(1, 299), isFinal: false), .. Frame(9, "in between"u8),
            .. Frame(0, data.AsSpan(300, 200), isFinal: false), .. Frame(10, "unasked"u8), .. Frame(0, []), .. Frame(2, data.AsSpan(500))]);
        Assert.Equal(data, await server.ReadAsync(700));
        byte[] pong = [0x8A, 10, .. "in between"u8];
        byte[] answer = await client.ReadAsync(Answer.Length + pong.Length);
        Assert.Equal(pong, answer[Answer.Length..]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(65_532)]
    [InlineData(200_000)]
    public async Task Output_OfALength_IsBinaryFrames(int length)
    {
        await using var peer = new WebSocketPeer(capacity: 1 << 20);
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        byte[] data = Wire.Pattern(length);
        server.Send(data);
        Assert.Equal(data, await ReadBinaryAsync(client, length));
    }

    [Fact]
    public async Task Output_OfAPeerThatDoesNotRead_WaitsAndIsReported()
    {
        await using var peer = new WebSocketPeer(capacity: 4096);
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Output.OnDrained(static state => ((TaskCompletionSource)state!).TrySetResult(), drained);
        byte[] data = Wire.Pattern(1_000_000);
        server.Send(data);
        Assert.InRange(server.Output.UnsentBytes, 800_000, 1_000_000);
        Assert.False(drained.Task.IsCompleted);
        Assert.Equal(data, await ReadBinaryAsync(client, data.Length));
        await drained.Task.WaitAsync(Wire.Guard);
        Assert.Equal(0, server.Output.UnsentBytes);
    }

    [Fact]
    public async Task Output_WaitingWhenThePeerGoes_IsDropped()
    {
        await using var peer = new WebSocketPeer(capacity: 4096);
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        server.Send(Wire.Pattern(1_000_000));
        client.Abort();
        await server.ReadToEndAsync();
        await server.DisposeAsync().AsTask().WaitAsync(Wire.Guard);
        Assert.Equal(SocketError.ConnectionReset, server.Error);
    }

    [Fact]
    public async Task Pings_WithoutEndToAPeerThatDoesNotRead_AreBounded()
    {
        await using var peer = new WebSocketPeer(capacity: 4096);
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        Task<byte[]> reading = server.ReadAsync(1);
        byte[] ping = Frame(9, Wire.Pattern(125));
        for (int i = 0; i < 5000; i++)
        {
            client.Write(ping);
            await client.Output.FlushAsync();
        }
        client.Send(Frame(2, [42]));
        Assert.Equal([42], await reading.WaitAsync(Wire.Guard));
        Task closing = server.CloseAsync(Wire.Guard).AsTask();
        byte[] pongs = await client.ReadToEndAsync();
        Assert.InRange(pongs.Length, 64 * 1024, 80 * 1024);
        await client.DisposeAsync();
        await closing.WaitAsync(Wire.Guard);
    }

    [Theory]
    [InlineData("88 80 11223344", "88 00")]
    [InlineData("88 82 11223344 12CA", "88 02 03E8")]
    [InlineData("88 82 11223344 12CB", "88 02 03E9")]
    [InlineData("88 82 11223344 12CF", "88 02 03EA")]
    [InlineData("88 81 11223344 12", "88 02 03EA")]
    public async Task Close_OfAPeer_IsAnsweredAndEndsTheStream(string close, string answer)
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        client.Send([.. Frame(2, [7]), .. Hex(close)]);
        Assert.Equal([7], await server.ReadToEndAsync());
        Assert.Equal(SocketError.Success, server.Error);
        Task closing = server.CloseAsync(Wire.Guard).AsTask();
        Assert.Equal(Hex(answer), await client.ReadToEndAsync());
        await client.DisposeAsync();
        await closing.WaitAsync(Wire.Guard);
    }

    [Theory]
    [InlineData("81 81 11223344 50", "88 02 03EB")]
    [InlineData("82 01 41", "88 02 03EA")]
    [InlineData("C2 81 11223344 50", "88 02 03EA")]
    [InlineData("83 81", "88 02 03EA")]
    [InlineData("8B 80", "88 02 03EA")]
    [InlineData("80 81", "88 02 03EA")]
    [InlineData("02 80 11223344 82 80", "88 02 03EA")]
    [InlineData("09 80", "88 02 03EA")]
    [InlineData("89 FE 007E", "88 02 03EA")]
    [InlineData("82 FE 007D 11223344", "88 02 03EA")]
    [InlineData("82 FF 000000000000FFFF 11223344", "88 02 03EA")]
    [InlineData("82 FF 8000000000000000 11223344", "88 02 03EA")]
    public async Task Frame_AgainstTheRules_EndsTheConnection(string frame, string answer)
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        client.Send([.. Frame(2, [7]), .. Hex(frame)]);
        Assert.Equal([7], await server.ReadToEndAsync());
        Assert.Equal(SocketError.ConnectionAborted, server.Error);
        server.Send([1, 2, 3]);
        Task closing = server.CloseAsync(Wire.Guard).AsTask();
        Assert.Equal(Hex(answer), await client.ReadToEndAsync());
        await client.DisposeAsync();
        await closing.WaitAsync(Wire.Guard);
    }

    [Fact]
    public async Task Length_DeclaredHuge_CostsNothing()
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        client.Send([.. Hex("82 FF 7FFFFFFFFFFFFFFF"), .. Key, 1 ^ 0x11, 2 ^ 0x22]);
        Assert.Equal([1, 2], await server.ReadAsync(2));
    }

    [Fact]
    public async Task Connection_ClosedByUs_SaysCloseAfterEverything()
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        Task<byte[]> reading = server.ReadToEndAsync();
        server.Send([1]);
        Task closing = server.CloseAsync(Wire.Guard).AsTask();
        Task again = server.CloseAsync(Wire.Guard).AsTask();
        Assert.Equal([0x82, 1, 1, .. NormalClosure], await client.ReadToEndAsync());
        client.Send(Frame(8, [0x03, 0xE8]));
        await client.DisposeAsync();
        await closing.WaitAsync(Wire.Guard);
        await again.WaitAsync(Wire.Guard);
        Assert.Empty(await reading.WaitAsync(Wire.Guard));
        Assert.Equal(SocketError.Success, server.Error);
    }

    [Fact]
    public async Task Output_Completed_SaysClose()
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        server.Send([1]);
        server.Output.Complete();
        Assert.Equal([0x82, 1, 1, .. NormalClosure], await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Stream_EndedInAFrame_EndsTheConnection()
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        client.Send(Frame(2, [1, 2, 3]).AsSpan(..^1));
        client.Output.Complete();
        Assert.Equal([1, 2], await server.ReadToEndAsync());
    }

    [Fact]
    public async Task Read_Aborted_Completes()
    {
        await using var peer = new WebSocketPeer();
        (TransportConnection client, TransportConnection server) = await peer.ConnectAsync();
        Task<byte[]> reading = server.ReadToEndAsync();
        server.Abort();
        Assert.Empty(await reading.WaitAsync(Wire.Guard));
        Assert.Equal(SocketError.OperationAborted, server.Error);
        Assert.Empty(await client.ReadToEndAsync());
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    // What a server's frames carry; the frames must be final, binary and unmasked.
    private static async Task<byte[]> ReadBinaryAsync(TransportConnection client, int length)
    {
        var received = new List<byte>();
        while (received.Count < length)
        {
            byte[] header = await client.ReadAsync(2);
            Assert.Equal(0x82, header[0]);
            int size = header[1];
            Assert.InRange(size, 1, 126);
            if (size == 126)
            {
                byte[] extended = await client.ReadAsync(2);
                size = (extended[0] << 8) | extended[1];
                Assert.InRange(size, 126, ushort.MaxValue);
            }
            received.AddRange(await client.ReadAsync(size));
        }
        return [.. received];
    }
}
