using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

/// <summary>What loading says about files, in Mosquitto's words.</summary>
public sealed class ServerFilesTests : IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly TestDirectory _directory = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Load_OfADevice_IsRefusedUnread()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var error = Assert.Throws<TlsFileException>(() => CertificateServerContext.Load(new CertificateServerOptions { CertificateFile = "/dev/null", KeyFile = "/dev/null" }));
        Assert.Contains("not a regular file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pkcs8")]
    [InlineData("ec")]
    [InlineData("rsa")]
    [InlineData("rsa-pkcs8")]
    [InlineData("parameters")]
    public void Load_KeysOfEveryForm_AreTaken(string form)
    {
        using ECDsa ec = _certificates.Server.GetECDsaPrivateKey()!;
        using var rsa = RSA.Create(2048);
        X509Certificate2 certificate = form.StartsWith("rsa", StringComparison.Ordinal)
            ? _certificates.Issue(_certificates.Root, "CN=rsa", isServer: true, key: rsa)
            : _certificates.Server;
        using RSA? key = certificate.GetRSAPrivateKey();
        string pem = form switch
        {
            "pkcs8" => ec.ExportPkcs8PrivateKeyPem(),
            "ec" => ec.ExportECPrivateKeyPem(),
            "rsa" => key!.ExportRSAPrivateKeyPem(),
            "rsa-pkcs8" => key!.ExportPkcs8PrivateKeyPem(),
            _ => "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ec.ExportECPrivateKeyPem(),
        };
        using CertificateServerContext context = CertificateServerContext.Load(new CertificateServerOptions
        {
            CertificateFile = _directory.Write("server.crt", certificate, _certificates.Intermediate),
            KeyFile = _directory.Write("server.key", pem),
        });
        Assert.Empty(context.Warnings);
    }

    [Fact]
    public void Load_CertificateFileThatIsNone_SaysMosquittosLine()
    {
        string missing = Path.Combine(_directory.Path, "missing.crt");
        string empty = _directory.Write("empty.crt", "");
        string damaged = _directory.Write("damaged.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        foreach (string path in (string[])[missing, empty, damaged, _directory.Path])
            Assert.Equal($"Error: Unable to load server certificate \"{path}\". Check certfile.", Fail(Files() with { CertificateFile = path }).Line);
    }

    [Fact]
    public void Load_KeyFileThatIsNone_SaysMosquittosLine()
    {
        using ECDsa key = _certificates.Server.GetECDsaPrivateKey()!;
        string encrypted = key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));
        (string Path, string Reason)[] cases =
        [
            (Path.Combine(_directory.Path, "missing.key"), "Could not find file"),
            (_directory.Write("none.key", _certificates.Server), "no private key"),
            (_directory.Write("damaged.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "damaged"),
            (_directory.Write("encrypted.key", encrypted), "encrypted"),
            (_directory.Write("old.key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), "encrypted"),
        ];
        foreach ((string path, string reason) in cases)
        {
            TlsFileException failure = Fail(Files() with { KeyFile = path });
            Assert.Equal($"Error: Unable to load server key file \"{path}\". Check keyfile.", failure.Line);
            Assert.Contains(reason, failure.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_KeyOfAnotherCertificate_SaysMosquittosLine()
    {
        using var rsa = RSA.Create(2048);
        string[] keys = [TestCertificates.KeyPem(_certificates.Root), rsa.ExportPkcs8PrivateKeyPem()];
        foreach (string key in keys)
            Assert.Equal("Error: Server certificate/key are inconsistent.", Fail(Files() with { KeyFile = _directory.Write("other.key", key) }).Line);
    }

    [Fact]
    public void Load_OnlyOneOfCertificateAndKey_SaysMosquittosLine()
    {
        const string line = "Error: Both certfile and keyfile need to be provided to enable TLS encryption.";
        Assert.Equal(line, Fail(Files() with { KeyFile = null }).Line);
        Assert.Equal(line, Fail(Files() with { CertificateFile = null }).Line);
    }

    [Fact]
    public void Load_AuthoritiesThatAreNone_SaysMosquittosLine()
    {
        string file = _directory.Write("ca.crt", "nothing");
        Assert.Equal($"Error: Unable to load CA certificates. Check cafile \"{file}\".", Fail(Files() with { AuthorityFile = file }).Line);
        Assert.Equal("Error: Unable to load CA certificates. Check capath \"/nonexistent\".", Fail(Files() with { AuthorityPath = "/nonexistent" }).Line);
        Assert.Contains("cafile", Fail(Files() with { RequireCertificate = true }).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AuthorityPath_TakesPemAndHashedNames()
    {
        using var directory = new TestDirectory();
        directory.Write("one.pem", _certificates.Root);
        directory.Write("0123abcd.0", _certificates.Root, _certificates.Intermediate);
        directory.Write("README", "not a certificate");
        directory.Write("0123abcd.r0", _certificates.RevocationList(_certificates.Root, []));
        var authorities = new X509Certificate2Collection();
        CertificateFiles.LoadAuthorities(null, directory.Path, authorities);
        Assert.Equal(2, authorities.Count);
        string list = _directory.Write("list.crl", _certificates.RevocationList(_certificates.Intermediate, []));
        Assert.Equal(2, RevocationLists.Load(list, directory.Path, authorities).Count);
    }

    [Theory]
    [InlineData("BOGUS", null, "Error: Unable to set TLS ciphers. Check cipher list \"BOGUS\".")]
    [InlineData(null, "BOGUS", "Error: Unable to set TLS 1.3 ciphersuites. Check cipher_tls13 list \"BOGUS\".")]
    public void Load_UnknownCiphers_SaysMosquittosLine(string? ciphers, string? suites, string line) =>
        Assert.Equal(line, Fail(Files() with { Ciphers = ciphers, CipherSuites = suites }).Line);

    [Fact]
    public void Load_Engine_SaysWhyItCannotBeUsed()
    {
        TlsFileException failure = Fail(Files() with { KeyFile = "slot_1", KeyIsInEngine = true, Engine = "no-such-engine" });
        Assert.Equal("Error: Unable to load server key file \"slot_1\". Check keyfile.", failure.Line);
        Assert.Contains("no-such-engine", failure.Reason, StringComparison.Ordinal);
        Assert.Contains("tls_engine", Fail(Files() with { KeyFile = "slot_1", KeyIsInEngine = true }).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhatWorksButIsOdd_Warns()
    {
        X509Certificate2 expired = _certificates.Issue(_certificates.Root, "CN=localhost", isServer: true, from: -3, to: -1);
        using CertificateServerContext context = CertificateServerContext.Load(new CertificateServerOptions
        {
            Certificate = expired,
            DiffieHellmanFile = "dh.pem",
            RevocationFile = _directory.Write("list.crl", _certificates.RevocationList(_certificates.Root, [])),
        });
        Assert.Equal(3, context.Warnings.Count);
        Assert.Contains("has expired", context.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("dhparamfile", context.Warnings[1], StringComparison.Ordinal);
        Assert.Contains("require_certificate", context.Warnings[2], StringComparison.Ordinal);
    }

    private static TlsFileException Fail(CertificateServerOptions options) => Assert.Throws<TlsFileException>(() => CertificateServerContext.Load(options));

    private CertificateServerOptions Files() => new()
    {
        CertificateFile = _directory.Write("server.crt", _certificates.Server),
        KeyFile = _directory.Write("server.key", TestCertificates.KeyPem(_certificates.Server)),
    };
}
