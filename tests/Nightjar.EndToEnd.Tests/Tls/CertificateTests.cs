using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Tls;

/// <summary>What <c>nightjar cert</c> makes, judged by OpenSSL.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"nightjar-ca-{Guid.NewGuid():N}");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [RequiresToolTheory("openssl")]
    [InlineData]
    [InlineData("--rsa")]
    public async Task Certificates_OfAnAuthority_AreGoodUntilRevoked(params string[] options)
    {
        await CertAsync(["ca", .. options]);
        await CertAsync(["server", "broker", .. options]);
        await CertAsync(["client", "alice", .. options]);
        await CertAsync(["client", "bob", .. options]);
        foreach (string[] check in new string[][]
        {
            ["-purpose", "sslserver", "-verify_hostname", "localhost", PathOf("broker.crt")],
            ["-purpose", "sslserver", "-verify_ip", "127.0.0.1", PathOf("broker.crt")],
            ["-purpose", "sslserver", "-verify_ip", "::1", PathOf("broker.crt")],
            ["-purpose", "sslclient", PathOf("alice.crt")],
            ["-purpose", "sslclient", PathOf("bob.crt")],
        })
        {
            (await VerifyAsync(check)).AssertExitCode();
        }
        Assert.NotEqual(0, (await VerifyAsync("-purpose", "sslserver", PathOf("alice.crt"))).ExitCode);
        Assert.NotEqual(0, (await VerifyAsync("-purpose", "sslclient", PathOf("broker.crt"))).ExitCode);

        await CertAsync(["revoke", "alice", "--reason", "keyCompromise"]);

        ProcessResult refused = await VerifyAsync("-purpose", "sslclient", PathOf("alice.crt"));
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("certificate revoked", refused.Errors, StringComparison.Ordinal);
        (await VerifyAsync("-purpose", "sslclient", PathOf("bob.crt"))).AssertExitCode();
        string list = (await OpenSslAsync("crl", "-in", PathOf("ca.crl"), "-CAfile", PathOf("ca.crt"), "-noout", "-text", "-verify")).AssertExitCode().Output;
        Assert.Contains("Key Compromise", list, StringComparison.Ordinal);
    }

    [RequiresToolTheory("openssl")]
    [InlineData]
    [InlineData("--rsa")]
    public async Task Key_OfACertificate_IsItsOwn(params string[] options)
    {
        await CertAsync(["ca", .. options]);
        await CertAsync(["client", "alice", .. options]);
        string inKey = (await OpenSslAsync("pkey", "-in", PathOf("alice.key"), "-pubout")).AssertExitCode().Output;
        string inCertificate = (await OpenSslAsync("x509", "-in", PathOf("alice.crt"), "-pubkey", "-noout")).AssertExitCode().Output;
        Assert.Equal(inKey, inCertificate);
    }

    private static Task<ProcessResult> OpenSslAsync(params string[] arguments) => ProcessRunner.RunAsync(ExternalTool.Require("openssl"), arguments);

    private Task<ProcessResult> VerifyAsync(params string[] arguments) =>
        OpenSslAsync(["verify", "-x509_strict", "-crl_check", "-CAfile", PathOf("ca.crt"), "-CRLfile", PathOf("ca.crl"), .. arguments]);

    private async Task CertAsync(string[] arguments)
    {
        (string file, string[] first) = BrokerProcess.Command();
        (await ProcessRunner.RunAsync(file, [.. first, "cert", arguments[0], "-d", _folder, .. arguments[1..]])).AssertExitCode();
    }

    private string PathOf(string file) => Path.Combine(_folder, file);
}
