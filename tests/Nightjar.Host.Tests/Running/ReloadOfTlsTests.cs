using Nightjar.Protocol;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.OpenSsl;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>Certificates, authorities, revocation lists, ciphers and keys at SIGHUP: new handshakes see the new ones, connections go on.</summary>
public sealed class ReloadOfTlsTests
{
    private const string Tls = "listener PORT 127.0.0.1\nallow_anonymous true\ncertfile DIR/server.crt\nkeyfile DIR/server.key\n";
    private const string Mutual = Tls + "cafile DIR/ca.crt\nrequire_certificate true\n";

    [Fact]
    public async Task Reload_OfTheServersCertificate_IsSeenByTheNextHandshake()
    {
        using var certificates = new TestCertificates();
        await using var service = new RunningService();
        WriteServer(service, certificates, certificates.Server);
        await service.StartAsync(Tls);
        using var client = Client(certificates);
        await using var stays = await service.ConnectAsync("stays", tls: client);
        await using (var before = await service.OpenAsync(tls: client)) Assert.Equal(certificates.Server.SerialNumber, before.Tls!.RemoteCertificate!.SerialNumber);
        var renewed = certificates.Issue(certificates.Root, "CN=localhost", isServer: true);
        WriteServer(service, certificates, renewed);
        await service.ReloadAsync();
        await using (var after = await service.OpenAsync(tls: client)) Assert.Equal(renewed.SerialNumber, after.Tls!.RemoteCertificate!.SerialNumber);
        await stays.ExpectNothingAsync();
    }

    [Fact]
    public async Task Reload_OfAuthoritiesAndRevocation_HoldsForHandshakesAndForWhoIsConnected()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates("Other");
        await using var service = new RunningService();
        WriteServer(service, certificates, certificates.Server);
        service.Directory.Write("ca.crt", certificates.Root.ExportCertificatePem());
        await service.StartAsync(Mutual);
        var leaf = certificates.Client();
        using var client = Client(certificates, leaf);
        using var foreign = Client(certificates, others.Client());
        await using var goes = await service.ConnectAsync("goes", tls: client);
        Assert.Equal(0, goes.ConnAck[3]);
        Assert.Equal(-1, await CodeAsync(service, foreign));

        service.Directory.Write("ca.crt", certificates.Root.ExportCertificatePem(), others.Root.ExportCertificatePem());
        await service.ReloadAsync();
        Assert.Equal(0, await CodeAsync(service, foreign));
        await using var stays = await service.ConnectAsync("stays", tls: foreign);
        await goes.ExpectNothingAsync();

        service.Directory.Write("ca.crl", certificates.RevocationList(certificates.Root, [leaf]), others.RevocationList(others.Root, []));
        await service.ReloadAsync(Mutual + "crlfile DIR/ca.crl\n");
        await goes.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        Assert.Equal(-1, await CodeAsync(service, client));
        Assert.Equal(0, await CodeAsync(service, foreign));

        service.Directory.Write("ca.crl", certificates.RevocationList(certificates.Root, []), others.RevocationList(others.Root, []));
        await service.ReloadAsync();
        Assert.Equal(0, await CodeAsync(service, client));
        await stays.ExpectNothingAsync();

        service.Directory.Write("ca.crt", certificates.Root.ExportCertificatePem());
        service.Directory.Write("ca.crl", certificates.RevocationList(certificates.Root, []));
        await service.ReloadAsync();
        await stays.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Reload_OfCiphersAndVersion_HoldsForTheNextHandshake()
    {
        using var certificates = new TestCertificates();
        await using var service = new RunningService();
        WriteServer(service, certificates, certificates.Server);
        await service.StartAsync(Tls + "ciphers_tls1.3 TLS_AES_128_GCM_SHA256\n");
        using var client = Client(certificates);
        await using (var before = await service.OpenAsync(tls: client)) Assert.Equal("TLS_AES_128_GCM_SHA256", before.Tls!.Cipher);
        await service.ReloadAsync(Tls + "tls_version tlsv1.3\nciphers_tls1.3 TLS_CHACHA20_POLY1305_SHA256\n");
        await using (var after = await service.OpenAsync(tls: client)) Assert.Equal("TLS_CHACHA20_POLY1305_SHA256", after.Tls!.Cipher);
    }

    [Fact]
    public async Task Reload_FromPlainToTls_OpensThePortAnewAndKeepsConnections()
    {
        using var certificates = new TestCertificates();
        await using var service = new RunningService();
        WriteServer(service, certificates, certificates.Server);
        await service.StartAsync("listener PORT 127.0.0.1\nallow_anonymous true\n");
        await using var stays = await service.ConnectAsync("stays");
        await service.ReloadAsync(Tls);
        using var client = Client(certificates);
        Assert.Equal(0, await service.CodeAsync(tls: client));
        await stays.ExpectNothingAsync();
        Assert.Equal(-1, await service.CodeAsync());
    }

    [Fact]
    public async Task Reload_OfPreSharedKeys_HoldsForHandshakesAndForWhoIsConnected()
    {
        await using var service = new RunningService();
        service.Directory.Write("keys", "ann:00112233", "bob:8899");
        await service.StartAsync("listener PORT 127.0.0.1\nallow_anonymous true\npsk_hint hint\npsk_file DIR/keys\nuse_identity_as_username true\n");
        using var old = new PskClientContext(new PskClientOptions { Identity = "ann", Key = Key("00112233") });
        using var fresh = new PskClientContext(new PskClientOptions { Identity = "ann", Key = Key("44556677") });
        using var other = new PskClientContext(new PskClientOptions { Identity = "bob", Key = Key("8899") });
        Assert.Equal(0, await CodeAsync(service, old));
        Assert.Equal(-1, await CodeAsync(service, fresh));
        await using var goes = await service.ConnectAsync("goes", tls: old);
        await using var stays = await service.ConnectAsync("stays", tls: other);
        service.Directory.Write("keys", "ann:44556677", "bob:8899");
        await service.ReloadAsync();
        await goes.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await stays.ExpectNothingAsync();
        Assert.Equal(-1, await CodeAsync(service, old));
        Assert.Equal(0, await CodeAsync(service, fresh));
    }

    private static PskKey Key(string hex) => PskKey.TryParse(hex, out var key) ? key : throw new ArgumentException("no key", nameof(hex));

    private static CertificateClientContext Client(TestCertificates certificates, System.Security.Cryptography.X509Certificates.X509Certificate2? own = null) =>
        CertificateClientContext.Load(new CertificateClientOptions { Authorities = [certificates.Root], Certificate = own });

    // TLS 1.3 tells a client that it is refused after the handshake, TLS-PSK during it.
    private static async Task<int> CodeAsync(RunningService service, TlsClientContext tls)
    {
        try
        {
            return await service.CodeAsync(tls: tls);
        }
        catch (Exception exception) when (exception is System.Security.Authentication.AuthenticationException or IOException)
        {
            return -1;
        }
    }

    private static void WriteServer(RunningService service, TestCertificates certificates, System.Security.Cryptography.X509Certificates.X509Certificate2 server)
    {
        Assert.NotEqual(certificates.Root.SerialNumber, server.SerialNumber);
        service.Directory.Write("server.crt", server.ExportCertificatePem());
        service.Directory.Write("server.key", TestCertificates.KeyPem(server));
    }
}
