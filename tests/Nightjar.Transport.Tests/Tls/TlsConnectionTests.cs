using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Authentication;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

public sealed class TlsConnectionTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly LeakCheck _leaks = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData(TransportKind.Socket, SslProtocols.Tls12, "TLSv1.2")]
    [InlineData(TransportKind.EventLoop, SslProtocols.Tls12, "TLSv1.2")]
    [InlineData(TransportKind.Socket, SslProtocols.Tls13, "TLSv1.3")]
    [InlineData(TransportKind.EventLoop, SslProtocols.Tls13, "TLSv1.3")]
    [InlineData(TransportKind.Memory, SslProtocols.Tls12, "TLSv1.2")]
    [InlineData(TransportKind.Memory, SslProtocols.Tls13, "TLSv1.3")]
    public async Task Wrap_BothDirections_CarriesBytesAndReturnsEveryBlock(TransportKind kind, SslProtocols protocols, string name)
    {
        byte[] data = Wire.Pattern(1_000_000);
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, kind, _leaks))
        {
            Assert.Null(pair.Server.Tls);
            Task<byte[]> reading = pair.Server.ReadAsync(data.Length);
            await pair.AuthenticateAsync(protocols: protocols);
            await pair.Client.WriteAsync(data);
            Assert.Equal(data, await reading);
            Assert.Equal(name, pair.Server.Tls!.Protocol);
            Assert.StartsWith(name == "TLSv1.3" ? "TLS_AES_" : "ECDHE-ECDSA-", pair.Server.Tls.Cipher, StringComparison.Ordinal);
            byte[] received = new byte[data.Length];
            Task<int> read = pair.Client.ReadAtLeastAsync(received, received.Length).AsTask();
            pair.Server.Send(data);
            await read.WaitAsync(Wire.Guard);
            Assert.Equal(data, received);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ReadAsync_PeerIsIdle_HoldsNoBlock(TransportKind kind)
    {
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, kind, _leaks))
        {
            Task<byte[]> reading = pair.Server.ReadAsync(5);

            // Without the session tickets of TLS 1.3, which nobody would take out of the memory in between.
            await pair.AuthenticateAsync(protocols: SslProtocols.Tls12);
            await pair.Client.WriteAsync("hello"u8.ToArray());
            Assert.Equal("hello"u8.ToArray(), await reading);
            Task<ReadResult> idle = pair.Server.Input.ReadAsync().AsTask();
            Assert.False(idle.IsCompleted);
            await _leaks.AssertReturnsToZeroAsync();
            pair.Server.Abort();
            Assert.True((await idle.WaitAsync(Wire.Guard)).IsCompleted);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task CloseAsync_BytesAreUnsent_SendsThemAndEndsTlsInOrder(TransportKind kind)
    {
        byte[] data = Wire.Pattern(300_000);
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, kind, _leaks))
        {
            Task<ReadResult> reading = pair.Server.Input.ReadAsync().AsTask();
            await pair.AuthenticateAsync();
            pair.Server.Send(data);
            Task closing = pair.Server.CloseAsync(Wire.Guard).AsTask();
            var received = new MemoryStream();
            await pair.Client.CopyToAsync(received).WaitAsync(Wire.Guard);
            Assert.Equal(data, received.ToArray());
            await pair.Raw.CloseAsync(Wire.Guard);
            await closing.WaitAsync(Wire.Guard);
            Assert.True((await reading.WaitAsync(Wire.Guard)).IsCompleted);
            Assert.Equal(SocketError.Success, pair.Server.Error);
            Assert.Null(pair.Server.Failure);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task ReadAsync_PeerEndsTls_CompletesWithSuccess(TransportKind kind)
    {
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, kind, _leaks))
        {
            Task<byte[]> reading = pair.Server.ReadToEndAsync();
            await pair.AuthenticateAsync();
            await pair.Client.WriteAsync("bye"u8.ToArray());
            await pair.Client.ShutdownAsync();
            Assert.Equal("bye"u8.ToArray(), await reading.WaitAsync(Wire.Guard));
            Assert.Equal(SocketError.Success, pair.Server.Error);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task ReadAsync_GarbageInsteadOfClientHello_FailsWithAReason()
    {
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, TransportKind.Memory, _leaks))
        {
            Task<byte[]> reading = pair.Server.ReadToEndAsync();
            pair.Raw.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
            Assert.Empty(await reading.WaitAsync(Wire.Guard));
            Assert.Equal(SocketError.ConnectionAborted, pair.Server.Error);
            Assert.NotNull(pair.Server.Failure);
            Assert.Null(pair.Server.Tls);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Handshake_AByteAtATime_Succeeds()
    {
        using CertificateServerContext context = Load();
        (TransportConnection near, TransportConnection far) = MemoryTransport.CreatePair(new MemoryTransportOptions { BufferPool = _leaks.Pool });
        await using (TlsPair pair = await TlsPair.CreateAsync(context, TransportKind.Memory, _leaks))
        {
            Task<byte[]> reading = pair.Server.ReadAsync(5);
            using var client = new System.Net.Security.SslStream(new DuplexStream(near), false, (_, peer, _, _) => peer?.GetCertHashString() == _certificates.Server.Thumbprint);
            Task up = CopyAsync(far, pair.Raw, 1);
            Task down = CopyAsync(pair.Raw, far, int.MaxValue);
            await client.AuthenticateAsClientAsync("localhost").WaitAsync(Wire.Guard);
            await client.WriteAsync("hello"u8.ToArray());
            Assert.Equal("hello"u8.ToArray(), await reading);
            near.Abort();
            pair.Raw.Abort();
            await Task.WhenAll(up, down).WaitAsync(Wire.Guard);
        }
        await near.DisposeAsync();
        await far.DisposeAsync();
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Output_PeerDoesNotRead_CountsWhatWaitsAndTellsWhenItIsGone(TransportKind kind)
    {
        const int length = 8_000_000;
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, kind, _leaks, capacity: 8192))
        {
            var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pair.Server.Output.OnDrained(static state => ((TaskCompletionSource)state!).TrySetResult(), drained);
            Task<ReadResult> reading = pair.Server.Input.ReadAsync().AsTask();
            await pair.AuthenticateAsync(protocols: SslProtocols.Tls12);
            await Wait.UntilAsync(() => pair.Server.Tls is not null, "the handshake");
            pair.Server.Send(new byte[length]);

            // What the sockets and one backlog below take is bounded.
            Assert.InRange(pair.Server.Output.UnsentBytes, length - 7_000_000, length);
            Assert.False(drained.Task.IsCompleted);
            byte[] received = new byte[length];
            await pair.Client.ReadExactlyAsync(received).AsTask().WaitAsync(Wire.Guard);
            await drained.Task.WaitAsync(Wire.Guard);
            Assert.Equal(0, pair.Server.Output.UnsentBytes);
            Assert.False(reading.IsCompleted);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Send_BeforeTheHandshake_WaitsForIt()
    {
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, TransportKind.Memory, _leaks))
        {
            pair.Server.Send("early"u8);
            Assert.Equal(5, pair.Server.Output.UnsentBytes);
            Task<ReadResult> reading = pair.Server.Input.ReadAsync().AsTask();
            await pair.AuthenticateAsync();
            byte[] received = new byte[5];
            await pair.Client.ReadExactlyAsync(received).AsTask().WaitAsync(Wire.Guard);
            Assert.Equal("early"u8.ToArray(), received);
            Assert.False(reading.IsCompleted);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Send_ManyBatches_LeaveInFullRecords()
    {
        using CertificateServerContext context = Load();
        await using (TlsPair pair = await TlsPair.CreateAsync(context, TransportKind.Memory, _leaks, capacity: 1 << 20))
        {
            Task<ReadResult> reading = pair.Server.Input.ReadAsync().AsTask();
            await pair.AuthenticateAsync(protocols: SslProtocols.Tls12);
            await Wait.UntilAsync(() => pair.Server.Tls is not null, "the handshake");
            for (int i = 0; i < 640; i++)
                pair.Server.Write(new byte[100]);
            if (pair.Server.Output.Commit())
                pair.Server.Output.Send();

            // 64 000 bytes: three records of 16 KiB and the rest, of which each begins with a header of five bytes.
            byte[] records = await pair.Raw.ReadAsync(64_000);
            int count = 0;
            for (int at = 0; at + 5 <= records.Length; at += 5 + (records[at + 3] << 8) + records[at + 4])
                count++;
            Assert.Equal(4, count);
            Assert.False(reading.IsCompleted);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket, 41)]
    [InlineData(TransportKind.EventLoop, 41)]
    [InlineData(TransportKind.Memory, 42)]
    public async Task Abort_AtAnyMoment_LeaksNothing(TransportKind kind, int seed)
    {
        using CertificateServerContext context = Load();
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            TlsPair pair = await TlsPair.CreateAsync(context, kind, _leaks, capacity: 8192);
            int spins = random.Next(0, 60_000);
            Task client = ClientAsync(pair);
            Task server = Task.Run(() => ServeAsync(pair.Server));
            Task end = Task.Run(async () =>
            {
                Thread.SpinWait(spins * 10);
                if (spins % 2 == 0)
                    pair.Server.Abort();
                else
                    await pair.Server.CloseAsync(TimeSpan.FromMilliseconds(20));
            });
            await Task.WhenAll(server, end).WaitAsync(Wire.Guard);
            pair.Raw.Abort();
            await client.WaitAsync(Wire.Guard);
            await pair.DisposeAsync();
            await _leaks.AssertReturnsToZeroAsync();
        }
    }

    private static async Task ClientAsync(TlsPair pair)
    {
        try
        {
            await pair.AuthenticateAsync();
            byte[] buffer = new byte[5000];
            for (int i = 0; i < 1000; i++)
            {
                await pair.Client.WriteAsync(buffer);
                await pair.Client.ReadAtLeastAsync(buffer, 1);
            }
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException or InvalidOperationException)
        {
            // That is how the runtime's TLS tells of the end.
        }
    }

    private static async Task ServeAsync(TransportConnection connection)
    {
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync();
            connection.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
            connection.Send(new byte[3000]);
        }
        connection.Output.Complete();
    }

    private static async Task CopyAsync(TransportConnection from, TransportConnection to, int pieces)
    {
        while (true)
        {
            ReadResult result = await from.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                for (int i = 0; i < segment.Length; i += Math.Min(pieces, segment.Length - i))
                    to.Send(segment.Span.Slice(i, Math.Min(pieces, segment.Length - i)));
            }
            from.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private CertificateServerContext Load() => CertificateServerContext.Load(new CertificateServerOptions
    {
        Certificate = _certificates.Server,
        BufferPool = _leaks.Pool,
    });
}
