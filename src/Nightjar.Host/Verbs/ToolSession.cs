using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Nightjar.Client;
using Nightjar.Host.Verbs.Options;
using Nightjar.Protocol;
using Nightjar.Transport;
using Nightjar.Transport.Tls;

namespace Nightjar.Host.Verbs;

/// <summary>What the tools share: connecting, -d output, error output.</summary>
internal sealed class ToolSession : IAsyncDisposable
{
    private const int Failure = 1;

    // MOSQ_ERR_CONN_LOST, with which Mosquitto's tools end.
    private const int ConnectionLost = 7;

    // MOSQ_ERR_TLS, likewise.
    private const int TlsFailure = 8;

    // MOSQ_ERR_ERRNO and MOSQ_ERR_EAI, with which mosquitto_ctrl alone ends.
    private const int SystemFailure = 14;
    private const int LookupFailure = 15;

    private readonly Stream _output;
    private readonly Lock _outputGate = new();
    private readonly TlsClientContext? _tls;
    private int _lastPacketId;

    /// <exception cref="UsageException">What TLS needs cannot be used.</exception>
    internal ToolSession(ToolOptions options, Stream output, TextWriter errors)
    {
        Options = options;
        _output = output;
        Errors = errors;
        _tls = ToolTls.Make(options);
    }

    internal ToolOptions Options { get; }

    internal TextWriter Errors { get; }

    internal MqttClient Client { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync().ConfigureAwait(false);
        _tls?.Dispose();
    }

    /// <summary>Connects; on failure says why.</summary>
    /// <returns>0, or the exit code: the code of the CONNACK, 7 when the server hung up instead, 8 when TLS failed, or 1; for ctrl 14 or 15 (look-up) instead of 1.</returns>
    internal async Task<int> ConnectAsync(CancellationToken cancellationToken, bool silent = false)
    {
        try
        {
            TransportConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            if (_tls is not null) connection = await _tls.ConnectAsync(connection, Options.Host, cancellationToken).ConfigureAwait(false);
            ConnectResult result = await Client.ConnectAsync(connection, Options.ToClientOptions(Options.Debug ? Trace : null), cancellationToken).ConfigureAwait(false);
            if (result.IsAccepted) return 0;
            if (silent && !result.HasConnAck) return Failure;
            Error(result.HasConnAck ? $"Connection error: {DescribeRefusal(result)}\n" : "Error: The connection was lost.\n");
            return result.HasConnAck ? result.Code : ConnectionLost;
        }
        catch (AuthenticationException exception)
        {
            DebugLine($"OpenSSL Error[0]: {exception.Message}");
            if (!silent) Error("Error: A TLS error occurred.\n");
            return TlsFailure;
        }
        catch (SocketException exception)
        {
            bool isLookup = exception.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData;
            if (!silent) Error(isLookup ? "Unable to connect (Lookup error.).\n" : $"Error: {Describe(exception)}\n");
            if (Options.Kind != ToolKind.Ctrl) return Failure;
            return isLookup ? LookupFailure : SystemFailure;
        }
    }

    internal void Error(string text) => ToolErrors.Write(Errors, text, Options.Quiet);

    /// <summary>Writes a line of -d, or any other line, to the standard output.</summary>
    internal void Line(string text)
    {
        lock (_outputGate)
        {
            _output.Write(Encoding.UTF8.GetBytes(text + "\n"));
            _output.Flush();
        }
    }

    internal void DebugLine(string text)
    {
        if (Options.Debug) Line(text);
    }

    /// <summary>Sends the DISCONNECT of -D disconnect.</summary>
    internal Task DisconnectAsync() => Client.DisconnectAsync(
        ReasonCode.NormalDisconnection, Options.Properties.Disconnect.Number(PropertyId.SessionExpiryInterval), Options.Properties.Disconnect.Encoded);

    private string Describe(SocketException exception) => Options.UnixPath is { } path && !File.Exists(path)
        ? "No such file or directory"
        : ToolErrors.Describe(exception.SocketErrorCode);

    private string DescribeRefusal(ConnectResult result)
    {
        string text = ToolErrors.Describe(result, Options.Version);
        if (Options.Version != ProtocolVersion.Mqtt50 || result.Code != (byte)ReasonCode.UnsupportedProtocolVersion) return text;
        return Options.Kind == ToolKind.Rr
            ? $"{text}. mosquitto_rr only supports connecting to an MQTT v5 broker"
            : $"{text}. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.";
    }

    private async Task<TransportConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var transport = new SocketTransportOptions { NoDelay = Options.NoDelay };
        if (Options.UnixPath is { } path)
            return await SocketTransport.ConnectAsync(new UnixDomainSocketEndPoint(path), transport, cancellationToken).ConfigureAwait(false);
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(Options.Host, cancellationToken).ConfigureAwait(false);
        if (Options.BindAddress is { } local)
        {
            // Only addresses of the family that is bound to can be reached.
            transport = transport with { LocalAddress = (await Dns.GetHostAddressesAsync(local, cancellationToken).ConfigureAwait(false))[0] };
            addresses = [.. addresses.Where(address => address.AddressFamily == transport.LocalAddress.AddressFamily)];
        }

        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            try
            {
                return await SocketTransport.ConnectAsync(new IPEndPoint(address, Options.Port), transport, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException exception)
            {
                last = exception;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private void Trace(scoped in PacketTrace packet)
    {
        string? line = packet.IsOutgoing ? DescribeSent(in packet) : DescribeReceived(in packet);
        if (line is not null) Line($"Client {(packet.ClientId.Length == 0 ? "(null)" : packet.ClientId)} {line}");
    }

    private string DescribeSent(scoped in PacketTrace packet)
    {
        string topic = Encoding.UTF8.GetString(packet.Topic);
        bool hasId = packet.Type is PacketType.Publish or PacketType.Subscribe or PacketType.Unsubscribe;
        if (hasId) _lastPacketId = packet.PacketId == 0 ? _lastPacketId + 1 : packet.PacketId;
        return packet.Type switch
        {
            PacketType.Publish => $"sending PUBLISH ({Flags(packet.Flags)}, m{_lastPacketId}, '{topic}', ... ({packet.PayloadLength} bytes))",
            PacketType.PubAck or PacketType.PubRec => $"sending {Name(packet.Type)} (m{packet.PacketId}, rc{packet.Code})",
            PacketType.PubRel or PacketType.PubComp => $"sending {Name(packet.Type)} (m{packet.PacketId})",
            PacketType.Subscribe => $"sending SUBSCRIBE (Mid: {packet.PacketId}, Topic: {topic}, QoS: {packet.Flags & 3}, Options: 0x{packet.Flags & 0xFC:x2})",
            PacketType.Unsubscribe => $"sending UNSUBSCRIBE (Mid: {packet.PacketId}, Topic: {topic})",
            _ => $"sending {Name(packet.Type)}",
        };
    }

    private static string DescribeReceived(scoped in PacketTrace packet) => packet.Type switch
    {
        PacketType.ConnAck => $"received CONNACK ({packet.Code})",
        PacketType.Publish =>
            $"received PUBLISH ({Flags(packet.Flags)}, m{packet.PacketId}, '{Encoding.UTF8.GetString(packet.Topic)}', ... ({packet.PayloadLength} bytes))",
        PacketType.PubAck or PacketType.PubComp => $"received {Name(packet.Type)} (Mid: {packet.PacketId}, RC:{packet.Code})",
        PacketType.PubRec or PacketType.PubRel => $"received {Name(packet.Type)} (Mid: {packet.PacketId})",
        PacketType.Disconnect => $"received DISCONNECT ({packet.Code})",
        _ => $"received {Name(packet.Type)}",
    };

    private static string Flags(byte flags) => $"d{(flags >> 3) & 1}, q{(flags >> 1) & 3}, r{flags & 1}";

    private static string Name(PacketType type) => type.ToString().ToUpperInvariant();
}
