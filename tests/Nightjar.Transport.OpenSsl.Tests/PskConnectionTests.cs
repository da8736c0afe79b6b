using System.IO.Pipelines;
using System.Net.Sockets;
using Nightjar.Testing;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.Tests;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests;

public sealed class PskConnectionTests
{
    public static TheoryData<TransportKind, string?> Suites => new()
    {
        { TransportKind.Memory, null },
        { TransportKind.Socket, null },
        { TransportKind.EventLoop, null },
        { TransportKind.Socket, "PSK-AES128-GCM-SHA256" },
        { TransportKind.EventLoop, "PSK-AES128-GCM-SHA256" },
        { TransportKind.Socket, "DHE-PSK-AES256-GCM-SHA384" },
        { TransportKind.EventLoop, "DHE-PSK-AES256-GCM-SHA384" },
        { TransportKind.Memory, "ECDHE-PSK-AES128-CBC-SHA256" },
    };

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task Data_BothWaysInOddPieces_ArrivesWhole(TransportKind kind, string? ciphers)
    {
        var leaks = new LeakCheck();
        byte[] upward = Wire.Pattern(1_048_576, 1);
        byte[] downward = Wire.Pattern(1_048_576, 2);
        await using (PskPair pair = await PskPair.CreateAsync(kind, leaks, ciphers))
        {
            Task<byte[]> atServer = pair.Server.ReadAsync(upward.Length);
            Task<byte[]> atClient = pair.Client.ReadAsync(downward.Length);
            await Task.WhenAll(WriteAsync(pair.Client, upward, 3), WriteAsync(pair.Server, downward, 4)).WaitAsync(Wire.Guard);
            Assert.Equal(upward, await atServer);
            Assert.Equal(downward, await atClient);
            Assert.Equal(ciphers ?? "ECDHE-PSK-CHACHA20-POLY1305", pair.Server.Tls!.Cipher);
            Assert.Equal("TLSv1.2", pair.Server.Tls.Protocol);
            Assert.Equal(pair.Client.Tls, pair.Server.Tls);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Write_WhileThePeerReadsNothing_WaitsAndGoesOn()
    {
        var leaks = new LeakCheck();
        byte[] data = Wire.Pattern(2_000_000);
        await using (PskPair pair = await PskPair.CreateAsync(TransportKind.Memory, leaks, capacity: 4096))
        {
            pair.Client.Write(data);
            Task<FlushResult> flush = pair.Client.Output.FlushAsync().AsTask();
            Assert.False(flush.IsCompleted);
            Assert.InRange(pair.RawClient.Output.UnsentBytes, 1, 128 * 1024);
            Assert.Equal(data, await pair.Server.ReadAsync(data.Length));
            await flush.WaitAsync(Wire.Guard);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Memory)]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    public async Task Close_AfterData_DeliversItAndEndsInOrder(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] data = Wire.Pattern(300_000);
        await using (PskPair pair = await PskPair.CreateAsync(kind, leaks))
        {
            Task<byte[]> reading = pair.Server.ReadToEndAsync();
            pair.Client.Send(data);
            Task closing = pair.Client.CloseAsync(Wire.Guard).AsTask();
            Assert.Equal(data.Length, (await reading).Length);
            Assert.Equal(SocketError.Success, pair.Server.Error);
            Assert.Null(pair.Server.Failure);
            await pair.Server.CloseAsync(Wire.Guard).AsTask().WaitAsync(Wire.Guard);
            await closing.WaitAsync(Wire.Guard);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task CompletedOutput_WithDataStillToCome_EndsOnlyItsHalf()
    {
        var leaks = new LeakCheck();
        await using (PskPair pair = await PskPair.CreateAsync(TransportKind.Socket, leaks))
        {
            pair.Client.Send("last"u8);
            pair.Client.Output.Complete();
            Assert.Equal("last"u8.ToArray(), await pair.Server.ReadToEndAsync());
            pair.Server.Send("answer"u8);
            Assert.Equal("answer"u8.ToArray(), await pair.Client.ReadAsync(6));
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Abort_WithAPendingRead_CompletesIt()
    {
        var leaks = new LeakCheck();
        await using (PskPair pair = await PskPair.CreateAsync(TransportKind.Socket, leaks))
        {
            Task<byte[]> here = pair.Server.ReadToEndAsync();
            Task<byte[]> there = pair.Client.ReadToEndAsync();
            pair.Server.Abort();
            Assert.Empty(await here);
            Assert.Empty(await there);
            Assert.Equal(SocketError.OperationAborted, pair.Server.Error);
            Assert.NotEqual(SocketError.Success, pair.Client.Error);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Record_ChangedOnTheWay_EndsTheConnectionWithAReason()
    {
        var leaks = new LeakCheck();
        await using (PskPair pair = await PskPair.CreateAsync(TransportKind.Memory, leaks))
        {
            pair.RawClient.Send([0x17, 0x03, 0x03, 0x00, 0x20, .. new byte[0x20]]);
            Assert.Empty(await pair.Server.ReadToEndAsync());
            Assert.Equal(SocketError.ConnectionAborted, pair.Server.Error);
            Assert.Contains("bad record mac", pair.Server.Failure, StringComparison.Ordinal);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Messages_OneByOne_AllocateNothing()
    {
        var leaks = new LeakCheck();
        await using (PskPair pair = await PskPair.CreateAsync(TransportKind.Memory, leaks))
        {
            byte[] message = Wire.Pattern(200);
            void Exchange()
            {
                for (int i = 0; i < 200; i++)
                {
                    pair.Client.Send(message);
                    Receive(pair.Server, message.Length);
                }
            }
            Exchange();
            Allocation.AssertNone(Exchange);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    // A reader that stands back is served by the thread pool; the wait for it is part of what is measured.
    private static void Receive(TransportConnection connection, int length)
    {
        while (length > 0)
        {
            ValueTask<ReadResult> reading = connection.Input.ReadAsync();
            while (!reading.IsCompleted)
                Thread.Yield();
            ReadResult result = reading.IsCompleted ? reading.Result : default;
            Assert.False(result.IsCompleted);
            length -= (int)result.Buffer.Length;
            connection.Input.AdvanceTo(result.Buffer.End);
        }
    }

    private static async Task WriteAsync(TransportConnection connection, byte[] data, int seed)
    {
        var random = new Random(seed);
        for (int offset = 0; offset < data.Length;)
        {
            int count = Math.Min(random.Next(4) == 0 ? random.Next(1, 70_000) : random.Next(1, 700), data.Length - offset);
            connection.Write(data.AsSpan(offset, count));
            offset += count;
            await connection.Output.FlushAsync();
        }
    }
}
