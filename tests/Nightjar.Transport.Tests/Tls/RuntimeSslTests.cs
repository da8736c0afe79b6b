using System.Net.Security;
using System.Security.Authentication;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

public sealed class RuntimeSslTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly LeakCheck _leaks = new();

    public void Dispose() => _certificates.Dispose();

    /// <summary>Fails when a runtime hides its connections elsewhere: idle ones then take 17 KB more in each direction, and nobody is told.</summary>
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task TryReleaseBuffers_AfterAHandshakeOnLinux_IsPossibleAndHarmless(SslProtocols protocols)
    {
        using CertificateServerContext context = CertificateServerContext.Load(new CertificateServerOptions { Certificate = _certificates.Server, BufferPool = _leaks.Pool });
        await using (TlsPair pair = await TlsPair.CreateAsync(context, TransportKind.Memory, _leaks))
        {
            byte[] data = Wire.Pattern(100_000);
            Task<byte[]> reading = pair.Server.ReadAsync(data.Length);
            await pair.AuthenticateAsync(protocols: protocols);
            Assert.Equal(OperatingSystem.IsLinux(), RuntimeSsl.TryReleaseBuffers(pair.Client));
            await pair.Client.WriteAsync(data);
            Assert.Equal(data, await reading);
        }
        await _leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task TryReleaseBuffers_WithoutAConnection_DoesNothing()
    {
        await using var stream = new SslStream(new MemoryStream());
        Assert.False(RuntimeSsl.TryReleaseBuffers(stream));
    }
}
