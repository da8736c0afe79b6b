using System.Security.Cryptography.X509Certificates;
using Nightjar.Protocol;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>Common names that an authority signed without looking, as user names with patterns in the access list.</summary>
public sealed class CertificateUserNameTests : IDisposable
{
    private const byte Allowed = 0x10;
    private const byte Denied = (byte)ReasonCode.NotAuthorized;
    private const byte BadUserName = (byte)ReasonCode.BadUserNameOrPassword;
    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData("plain", 0, "u/plain/x", Allowed)]
    [InlineData("plain", 0, "u/other/x", Denied)]
    [InlineData("wärme", 0, "u/wärme/x", Allowed)]
    [InlineData("*", 0, "u/anybody/x", Denied)]
    [InlineData("%u", 0, "u/anybody/x", Denied)]
    [InlineData("%u", 0, "u/%u/x", Allowed)]
    [InlineData("+", 0, "u/anybody/x", Denied)]
    [InlineData("#", 0, "u/anybody/x", Denied)]
    [InlineData("a/b", 0, "u/a/b/x", Denied)]
    [InlineData("plain/#", 0, "u/plain/x", Denied)]
    [InlineData("tab\there\u001b[2J", 0, "u/x/x", Denied)]
    [InlineData("plain\0evil", BadUserName, "", 0)]
    [InlineData("\0", BadUserName, "", 0)]
    [InlineData("", BadUserName, "", 0)]
    public async Task Client_WithAnOddCommonName_MayNoMoreThanItsName(string name, byte connectCode, string topic, byte publishCode)
    {
        await using var service = await StartAsync();
        using var tls = Client(name);
        await using var client = await service.ConnectAsync("c", tls: tls);
        Assert.Equal(connectCode, client.ConnAck[3]);
        if (connectCode == 0)
        {
            await client.PublishAsync(topic, "x", QualityOfService.AtLeastOnce);
            await client.ExpectAsync($"40 03 0001 {publishCode:X2}");
        }

        Assert.DoesNotContain(service.Log, line => line.Any(char.IsControl));
    }

    [Theory]
    [InlineData(60_000, true)]
    [InlineData(70_000, false)]
    public async Task Client_WithAVeryLongCommonName_IsLetInWhileItFitsAnMqttString(int length, bool isLetIn)
    {
        await using var service = await StartAsync("use_username_as_clientid true\n");
        using var tls = Client(new string('x', length));
        await using var client = await service.ConnectAsync("c", tls: tls);
        Assert.True(HasSuccess(client.ConnAck) == isLetIn, string.Join('\n', service.Log));
        if (isLetIn) await client.ExpectNothingAsync();
    }

    // Reason code behind a remaining length of one to three bytes; a refusal may already be TLS's, without any CONNACK.
    private static bool HasSuccess(byte[] connAck)
    {
        var at = 1;
        while (at < connAck.Length && connAck[at] >= 0x80) at++;
        return at + 2 < connAck.Length && connAck[at + 2] == 0;
    }

    private async Task<RunningService> StartAsync(string more = "")
    {
        var service = new RunningService();
        service.Directory.Write("server.crt", _certificates.Server.ExportCertificatePem());
        service.Directory.Write("server.key", TestCertificates.KeyPem(_certificates.Server));
        service.Directory.Write("ca.crt", _certificates.Root.ExportCertificatePem());
        service.Directory.Write("acl", "pattern readwrite u/%u/#");
        await service.StartAsync(
            "listener PORT 127.0.0.1\ncertfile DIR/server.crt\nkeyfile DIR/server.key\ncafile DIR/ca.crt\nrequire_certificate true\nuse_identity_as_username true\nacl_file DIR/acl\n" + more);
        return service;
    }

    private CertificateClientContext Client(string commonName)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.Add("2.5.4.3", commonName, System.Formats.Asn1.UniversalTagNumber.UTF8String);
        return CertificateClientContext.Load(new CertificateClientOptions { Authorities = [_certificates.Root], Certificate = _certificates.Client(subject.Build()) });
    }
}
