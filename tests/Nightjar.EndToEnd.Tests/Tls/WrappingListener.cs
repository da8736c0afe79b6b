using System.Net;
using Nightjar.Transport;
using Nightjar.Transport.Tls;

namespace Nightjar.EndToEnd.Tests.Tls;

/// <summary>Puts TLS over every connection of another listener.</summary>
internal sealed class WrappingListener(TransportListener inner, TlsServerContext context) : TransportListener
{
    public override EndPoint LocalEndPoint => inner.LocalEndPoint;

    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken) =>
        await inner.AcceptAsync(cancellationToken) is { } connection ? context.Wrap(connection) : null;

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
