using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Transport;
using Nightjar.Transport.Tls;
using Nightjar.Transport.WebSockets;

namespace Nightjar.Broker.Connections;

/// <summary>A listening socket with the layers over it: TLS, WebSocket.</summary>
internal sealed class ListenerStack
{
    private readonly TlsListener? _tls;
    private readonly WebSocketListener? _webSockets;

    private ListenerStack(TransportListener top, TlsListener? tls, WebSocketListener? webSockets)
    {
        Top = top;
        _tls = tls;
        _webSockets = webSockets;
    }

    /// <summary>Where connections come from.</summary>
    internal TransportListener Top { get; }

    internal EndPoint LocalEndPoint => Top.LocalEndPoint;

    /// <summary>Opens the socket of a listener.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be listened on.</exception>
    internal static ListenerStack Open(ListenerOptions options, TimeProvider time)
    {
        var socket = SocketTransport.Listen(options.EndPoint, new SocketTransportOptions { NoDelay = options.NoDelay, Device = options.BindInterface, EventLoops = options.EventLoops });
        var tls = options.Tls is { } context ? new TlsListener(socket, context) : null;
        var webSockets = options.Protocol == ListenerProtocol.WebSockets
            ? new WebSocketListener((TransportListener?)tls ?? socket, new WebSocketListenerOptions { AllowedOrigins = options.AllowedOrigins, TimeProvider = time })
            : null;
        return new ListenerStack((TransportListener?)webSockets ?? (TransportListener?)tls ?? socket, tls, webSockets);
    }

    /// <summary>Takes a listener that the application brought.</summary>
    internal static ListenerStack Over(TransportListener listener, ListenerOptions options)
    {
        var tls = options.Tls is { } context ? new TlsListener(listener, context) : null;
        return new ListenerStack((TransportListener?)tls ?? listener, tls, null);
    }

    /// <summary>Whether new options can be had without opening the socket anew.</summary>
    internal bool CanTake(ListenerOptions current, ListenerOptions options) =>
        current.EndPoint.Equals(options.EndPoint) && current.Protocol == options.Protocol && current.NoDelay == options.NoDelay && current.EventLoops == options.EventLoops
        && string.Equals(current.BindInterface, options.BindInterface, StringComparison.Ordinal) && _tls is null == options.Tls is null;

    /// <summary>Has addresses judged before anything is read or answered.</summary>
    /// <returns>False: there is no layer that answers before the connection is handed out, so the caller judges it then.</returns>
    internal bool JudgeBeforeHandshake(Predicate<TransportConnection> admission)
    {
        if (_webSockets is null) return false;
        _webSockets.Admission = admission;
        return true;
    }

    /// <summary>Puts certificates and origins into force for connections accepted from now on.</summary>
    internal void Take(ListenerOptions options)
    {
        if (_tls is not null) _tls.Context = options.Tls!;
        if (_webSockets is not null) _webSockets.AllowedOrigins = options.AllowedOrigins;
    }
}
