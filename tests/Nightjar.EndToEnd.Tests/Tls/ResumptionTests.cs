using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing.Certificates;
using Nightjar.Transport;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Tls;

/// <summary>Sessions that OpenSSL's client takes up again: they save the asymmetric cryptography, and let nobody in who is revoked by now.</summary>
public sealed class ResumptionTests : IAsyncDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly TestDirectory _directory = new();
    private readonly TlsListener _listener;
    private readonly Task _serving;

    public ResumptionTests()
    {
        TransportListener sockets = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), new SocketTransportOptions());
        _listener = new TlsListener(sockets, Load([]));
        _serving = ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _serving;
        _certificates.Dispose();
        _directory.Dispose();
    }

    [RequiresToolTheory("openssl")]
    [InlineData("-tls1_2", false)]
    [InlineData("-tls1_3", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task Session_TakenUpAgain_IsResumedUnlessTheClientIsRevokedByThen(string version, bool hasIntermediate)
    {
        X509Certificate2 client = _certificates.Client("CN=somebody", hasIntermediate ? _certificates.Intermediate : null);
        string[] files = Files(client, hasIntermediate);
        Assert.Contains("New, ", await ConnectAsync(version, [.. files, "-sess_out", Session]), StringComparison.Ordinal);
        string resumed = await ConnectAsync(version, [.. files, "-sess_in", Session]);
        Assert.Contains("Reused, ", resumed, StringComparison.Ordinal);
        Assert.Contains("welcome CN=somebody", resumed, StringComparison.Ordinal);

        // The new lists judge the old session.
        _listener.Context = Load([client]);
        string refused = await ConnectAsync(version, [.. files, "-sess_in", Session]);
        Assert.DoesNotContain("welcome", refused, StringComparison.Ordinal);
    }

    [RequiresToolTheory("openssl")]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Session_OfAListenerThatAsksForNoCertificate_IsNoWayIntoOneThatDoes(string version)
    {
        CertificateServerContext strict = (CertificateServerContext)_listener.Context;
        _listener.Context = Load([], requireCertificate: false);
        Assert.Contains("welcome nobody", await ConnectAsync(version, ["-sess_out", Session]), StringComparison.Ordinal);
        _listener.Context = strict;
        Assert.DoesNotContain("welcome", await ConnectAsync(version, ["-sess_in", Session]), StringComparison.Ordinal);
    }

    private string Session => Path.Combine(_directory.Path, "session.pem");

    private string[] Files(X509Certificate2 client, bool hasIntermediate)
    {
        string[] files = ["-cert", _directory.Write("c.crt", client), "-key", _directory.Write("c.key", TestCertificates.KeyPem(client))];
        return hasIntermediate ? [.. files, "-cert_chain", _directory.Write("chain.crt", _certificates.Intermediate)] : files;
    }

    private async Task<string> ConnectAsync(string version, string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require("openssl"), ["s_client", "-connect", _listener.LocalEndPoint.ToString()!, version, "-ign_eof", .. arguments], "hello\n");
        return result.Output;
    }

    private CertificateServerContext Load(X509Certificate2[] revoked, bool requireCertificate = true) => CertificateServerContext.Load(new CertificateServerOptions
    {
        Certificate = _certificates.Server,
        Authorities = [_certificates.Root],
        RequireCertificate = requireCertificate,
        RevocationFile = _directory.Write(
            "list.crl", _certificates.RevocationList(_certificates.Root, revoked) + "\n" + _certificates.RevocationList(_certificates.Intermediate, revoked)),
    });

    private async Task ServeAsync()
    {
        while (await _listener.AcceptAsync(CancellationToken.None) is { } connection)
        {
            await using (connection)
            {
                System.IO.Pipelines.ReadResult result = await connection.Input.ReadAsync();
                connection.Input.AdvanceTo(result.Buffer.End);
                if (connection.Tls is { } tls)
                {
                    connection.Output.Write(System.Text.Encoding.UTF8.GetBytes($"welcome {tls.RemoteCertificate?.Subject ?? "nobody"}\n"));
                    if (connection.Output.Commit()) connection.Output.Send();
                }

                await connection.CloseAsync(TimeSpan.FromSeconds(5));
            }
        }
    }
}
