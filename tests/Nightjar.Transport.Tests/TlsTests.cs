using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class TlsTests
{
    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task SslStream_OverAConnection_CarriesBytes(TransportKind kind)
    {
        var leaks = new LeakCheck();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        byte[] data = Wire.Pattern(1_000_000);
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            await using var server = new SslStream(new DuplexStream(pair.Server));
            await using var client = new SslStream(
                new DuplexStream(pair.Client), false, (_, peer, _, _) => peer?.GetCertHashString() == certificate.Thumbprint);
            await Task.WhenAll(
                server.AuthenticateAsServerAsync(certificate),
                client.AuthenticateAsClientAsync("localhost")).WaitAsync(Wire.Guard);
            Task write = client.WriteAsync(data).AsTask();
            byte[] received = new byte[data.Length];
            await server.ReadExactlyAsync(received).AsTask().WaitAsync(Wire.Guard);
            await write.WaitAsync(Wire.Guard);
            Assert.Equal(data, received);
        }
        await leaks.AssertReturnsToZeroAsync();
    }
}
