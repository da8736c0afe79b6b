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
    [InlineData(TransportKind.Socket, SslProtocols.Tls13, "TLSv1.3")]
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

    private CertificateServerContext Load() => CertificateServerContext.Load(new CertificateServerOptions
    {
        Certificate = _certificates.Server,
        BufferPool = _leaks.Pool,
    });
}
