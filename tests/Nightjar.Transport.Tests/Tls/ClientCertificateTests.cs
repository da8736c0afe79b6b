using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

public sealed class ClientCertificateTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly TestDirectory _directory = new();
    private readonly LeakCheck _leaks = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Handshake_CertificateOfTheAuthority_IsTheRemoteCertificate(SslProtocols protocols)
    {
        X509Certificate2 client = _certificates.Client("CN=somebody,O=Nightjar");
        (TlsSession? session, string? failure) = await TryAsync(Options(), client, protocols: protocols);
        Assert.Null(failure);
        Assert.Equal("CN=somebody, O=Nightjar", session!.RemoteCertificate!.Subject);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Handshake_NoCertificate_IsRefused(SslProtocols protocols)
    {
        (TlsSession? session, string? failure) = await TryAsync(Options(), null, protocols: protocols);
        Assert.Null(session);
        Assert.Equal("error:0A0000C7:SSL routines::peer did not return a certificate", failure);
    }

    [Fact]
    public async Task Handshake_CertificateNotRequired_IsNotAskedFor()
    {
        (TlsSession? session, string? failure) = await TryAsync(Options() with { RequireCertificate = false }, _certificates.Client());
        Assert.Null(failure);
        Assert.Null(session!.RemoteCertificate);
    }

    [Fact]
    public async Task Handshake_CertificateOfAnIntermediateThatIsSent_IsAccepted()
    {
        X509Certificate2 client = _certificates.Client(issuer: _certificates.Intermediate);
        (TlsSession? session, string? failure) = await TryAsync(Options(), client, [_certificates.Intermediate]);
        Assert.Null(failure);
        Assert.NotNull(session);
    }

    [Fact]
    public async Task Handshake_CertificateOfAnIntermediateThatIsLoaded_IsAccepted()
    {
        X509Certificate2 client = _certificates.Client(issuer: _certificates.Intermediate);
        CertificateServerOptions options = Options() with { AuthorityFile = _directory.Write("ca.pem", _certificates.Root, _certificates.Intermediate) };
        (TlsSession? session, string? failure) = await TryAsync(options, client);
        Assert.Null(failure);
        Assert.NotNull(session);
    }

    [Fact]
    public async Task Handshake_IntermediateWithoutItsRoot_IsNoAuthority()
    {
        X509Certificate2 client = _certificates.Client(issuer: _certificates.Intermediate);
        CertificateServerOptions options = Options() with { AuthorityFile = _directory.Write("ca.pem", _certificates.Intermediate) };
        await AssertRefusedAsync(options, client, "unable to get local issuer certificate");
    }

    [Fact]
    public async Task Handshake_CertificateOfAnotherAuthority_IsRefused()
    {
        using var others = new TestCertificates("Other");
        await AssertRefusedAsync(Options(), others.Client(), "unable to get local issuer certificate");
        await AssertRefusedAsync(Options(), others.Root, "self-signed certificate");
    }

    [Fact]
    public async Task Handshake_AuthorityOfTheSameNameWithAnotherKey_IsRefused()
    {
        using var others = new TestCertificates();
        (TlsSession? session, string? failure) = await TryAsync(Options(), others.Client());
        Assert.Null(session);
        Assert.StartsWith("error:0A000086:SSL routines::certificate verify failed (", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handshake_CertificateOutsideItsTime_IsRefusedUnlessDatesAreIgnored()
    {
        X509Certificate2 expired = _certificates.Client(from: -3, to: -1);
        X509Certificate2 future = _certificates.Client(from: 1, to: 3);
        await AssertRefusedAsync(Options(), expired, "certificate has expired");
        await AssertRefusedAsync(Options(), future, "certificate is not yet valid");
        foreach (X509Certificate2 client in (X509Certificate2[])[expired, future])
        {
            (TlsSession? session, string? failure) = await TryAsync(Options() with { IgnoreDates = true }, client);
            Assert.Null(failure);
            Assert.NotNull(session);
        }
    }

    [Fact]
    public async Task Handshake_ServersCertificateAsAClients_IsRefused() =>
        await AssertRefusedAsync(Options(), _certificates.Server, "unsuitable certificate purpose");

    [Theory]
    [InlineData(SslProtocols.Tls12, null, "certificate revoked, unspecified")]
    [InlineData(SslProtocols.Tls13, null, "certificate revoked, unspecified")]
    [InlineData(SslProtocols.Tls13, X509RevocationReason.KeyCompromise, "certificate revoked, key compromise")]
    [InlineData(SslProtocols.Tls13, X509RevocationReason.CertificateHold, "certificate revoked, certificate hold")]
    public async Task Handshake_RevokedCertificate_IsRefused(SslProtocols protocols, X509RevocationReason? reason, string text)
    {
        X509Certificate2 good = _certificates.Client("CN=good");
        X509Certificate2 bad = _certificates.Client("CN=bad");
        CertificateServerOptions options = WithList(_certificates.RevocationList(_certificates.Root, [bad], reason: reason));
        await AssertRefusedAsync(options, bad, text, protocols);
        (TlsSession? session, string? failure) = await TryAsync(options, good, protocols: protocols);
        Assert.Null(failure);
        Assert.NotNull(session);
    }

    [Fact]
    public async Task Handshake_ListHasExpired_RefusesEverybodyOfItsIssuer() =>
        await AssertRefusedAsync(WithList(_certificates.RevocationList(_certificates.Root, [], nextUpdate: -1, thisUpdate: -2)), _certificates.Client(), "CRL has expired");

    [Fact]
    public async Task Handshake_ListIsOfTheFuture_RefusesEverybodyOfItsIssuer() =>
        await AssertRefusedAsync(WithList(_certificates.RevocationList(_certificates.Root, [], thisUpdate: 1)), _certificates.Client(), "CRL is not yet valid");

    [Fact]
    public async Task Handshake_NoListOfTheIssuer_IsRefused()
    {
        X509Certificate2 client = _certificates.Client(issuer: _certificates.Intermediate);
        CertificateServerOptions options = WithList(_certificates.RevocationList(_certificates.Root, []));
        options = options with { AuthorityFile = _directory.Write("both.pem", _certificates.Root, _certificates.Intermediate) };
        await AssertRefusedAsync(options, client, "unable to get certificate CRL");
    }

    [Fact]
    public async Task Handshake_SeveralLists_TheLatestOfTheIssuerCounts()
    {
        X509Certificate2 first = _certificates.Client("CN=first", _certificates.Intermediate);
        X509Certificate2 second = _certificates.Client("CN=second");
        CertificateServerOptions options = WithList(
            _certificates.RevocationList(_certificates.Root, [], thisUpdate: -3) + "\n" +
            _certificates.RevocationList(_certificates.Root, [second], thisUpdate: -2) + "\n" +
            _certificates.RevocationList(_certificates.Root, [], nextUpdate: -1, thisUpdate: -2) + "\n" +
            _certificates.RevocationList(_certificates.Intermediate, [first]));
        options = options with { AuthorityFile = _directory.Write("both.pem", _certificates.Root, _certificates.Intermediate) };
        await AssertRefusedAsync(options, first, "certificate revoked, unspecified");
        await AssertRefusedAsync(options, second, "certificate revoked, unspecified");
    }

    [Fact]
    public async Task Handshake_ListOfAnAuthorityThatOnlyTheClientSends_IsVerifiedThen()
    {
        X509Certificate2 client = _certificates.Client(issuer: _certificates.Intermediate);
        using var impostor = new TestCertificates();
        CertificateServerOptions options = WithList(_certificates.RevocationList(_certificates.Intermediate, []));
        (_, string? failure) = await TryAsync(options, client, [_certificates.Intermediate]);
        Assert.Null(failure);
        options = WithList(_certificates.RevocationList(impostor.Intermediate, []));
        (_, failure) = await TryAsync(options, client, [_certificates.Intermediate]);
        Assert.Contains("unable to get certificate CRL", failure, StringComparison.Ordinal);
    }

    private async Task AssertRefusedAsync(
        CertificateServerOptions options, X509Certificate2 client, string reason, SslProtocols protocols = SslProtocols.Tls13)
    {
        (TlsSession? session, string? failure) = await TryAsync(options, client, protocols: protocols);
        Assert.Null(session);
        Assert.Equal($"error:0A000086:SSL routines::certificate verify failed ({reason}: {client.Subject})", failure);
    }

    // What the server made of a client that connects and says hello.
    private async Task<(TlsSession? Session, string? Failure)> TryAsync(
        CertificateServerOptions options, X509Certificate2? client, X509Certificate2Collection? chain = null, SslProtocols protocols = SslProtocols.Tls13)
    {
        using CertificateServerContext context = CertificateServerContext.Load(options);
        (TlsSession?, string?) result;
        await using (TlsPair pair = await TlsPair.CreateAsync(context, TransportKind.Memory, _leaks))
        {
            Task<byte[]> reading = pair.Server.ReadAsync(5);
            await pair.AuthenticateAsync(client, chain, protocols);
            await pair.Client.WriteAsync("hello"u8.ToArray());
            byte[] received = await reading;
            Assert.Equal(pair.Server.Failure is null ? 5 : 0, received.Length);
            result = (pair.Server.Tls, pair.Server.Failure);
        }
        await _leaks.AssertReturnsToZeroAsync();
        return result;
    }

    private CertificateServerOptions Options() => new()
    {
        Certificate = _certificates.Server,
        AuthorityFile = _directory.Write("root.pem", _certificates.Root),
        RequireCertificate = true,
        AllowResumption = false,
        BufferPool = _leaks.Pool,
    };

    private CertificateServerOptions WithList(string pem) => Options() with { RevocationFile = _directory.Write("list.crl", pem) };
}
