using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

/// <summary>A server's connection under test, and the runtime's TLS as its client.</summary>
internal sealed class TlsPair : IAsyncDisposable
{
    private readonly TransportPair _pair;

    private TlsPair(TransportPair pair, TransportConnection server, SslStream client)
    {
        _pair = pair;
        Server = server;
        Client = client;
    }

    internal TransportConnection Server { get; }

    internal SslStream Client { get; }

    internal TransportConnection Raw => _pair.Client;

    internal static async Task<TlsPair> CreateAsync(TlsServerContext context, TransportKind kind, LeakCheck leaks, int capacity = 0)
    {
        TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity);
        return new TlsPair(pair, context.Wrap(pair.Server), new SslStream(new DuplexStream(pair.Client)));
    }

    /// <summary>Shakes hands on the client's side; the server's begins with its first read.</summary>
    internal Task AuthenticateAsync(X509Certificate2? certificate = null, X509Certificate2Collection? chain = null, SslProtocols protocols = SslProtocols.None) =>
        Client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            RemoteCertificateValidationCallback = static (_, peer, _, _) => peer is not null,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, chain, offline: true),
        }).WaitAsync(Wire.Guard);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        await _pair.DisposeAsync();
    }
}
