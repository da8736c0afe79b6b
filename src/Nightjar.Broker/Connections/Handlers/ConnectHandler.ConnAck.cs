using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <content>The answers: CONNACK in Mosquitto's order and with its omissions, refusals, log lines.</content>
internal static partial class ConnectHandler
{
    /// <summary>Writes CONNACK 0x00 into the output. Under the session's gate.</summary>
    internal static void WriteConnAck(ClientConnection connection, bool sessionPresent, BatchContext context)
    {
        var writer = MakeConnAck(connection, sessionPresent);
        var output = connection.Link.Output;
        var length = writer.Write(output.GetSpan(writer.Measure()));
        output.Advance(length);
        context.Counters.PacketsSent++;
        context.Counters.SentByType[(int)PacketType.ConnAck]++;
        context.Counters.BytesSent += length;
    }

    // A client whose Maximum Packet Size has no room for CONNACK cannot be let in [MQTT-3.1.2-24].
    private static bool FitsConnAck(ClientConnection connection) =>
        (uint)MakeConnAck(connection, sessionPresent: false).Measure() <= connection.Link.MaximumPacketSize;

    private static ConnAckWriter MakeConnAck(ClientConnection connection, bool sessionPresent)
    {
        var plan = connection.Plan!;
        var request = plan.Request;
        var options = connection.Core.Environment.Options;
        var responseInformation = request.RequestResponseInformation ? options.ResponseInformation : null;
        var granted = GrantedKeepAlive(request, options);
        var maximumQoS = connection.Listener.MaximumQoS;
        return request.IsVersion5
            ? new ConnAckWriter
            {
                Version = request.Version,
                SessionPresent = sessionPresent,
                TopicAliasMaximum = connection.Listener.MaximumTopicAlias,
                ServerKeepAlive = granted != request.KeepAlive ? granted : null,
                AssignedClientIdentifier = Utf8(plan.AssignedClientId),
                ResponseInformation = Utf8(responseInformation),
                AuthenticationMethod = Utf8(connection.AuthenticationMethod?.Name),
                AuthenticationData = plan.AuthenticationData.Span,
                MaximumQoS = maximumQoS == QualityOfService.ExactlyOnce ? null : maximumQoS,
                RetainAvailable = options.RetainAvailable ? null : false,
                MaximumPacketSize = (uint)options.MaximumPacketSize,
                ReceiveMaximum = (ushort)(connection.ReceiveMaximum == 65_535 ? 0 : connection.ReceiveMaximum),
            }
            : new ConnAckWriter
            {
                Version = request.Version,
                // MQTT 3.1 has no session present flag: the byte is reserved.
                SessionPresent = sessionPresent && request.Version != ProtocolVersion.Mqtt31,
            };
    }

    /// <summary>Answers CONNECT with a refusal and closes [MQTT-3.2.2-7].</summary>
    internal static void Refuse(ClientConnection connection, ReasonCode reasonCode, string? rule, string? reasonString = null)
    {
        if (!MayRefuse(reasonCode)) reasonCode = ReasonCode.UnspecifiedError;
        var returnCode = ReturnCodeOf(reasonCode);
        // v3: a refusal no return code fits is a bare close [MQTT-3.2.2-6 v3.1.1].
        if (connection.IsVersion5 || returnCode != ConnectReturnCode.Accepted) WriteRefusal(connection, reasonCode, returnCode, reasonString);
        connection.Close(DisconnectCauses.FromReasonCode(reasonCode), reasonCode, rule);
    }

    private static void WriteRefusal(ClientConnection connection, ReasonCode reasonCode, ConnectReturnCode returnCode, string? reasonString)
    {
        var gate = connection.Link.EnterGate();
        try
        {
            if (connection.Link.IsClosed) return;
            var writer = new ConnAckWriter { Version = connection.Version, ReasonCode = reasonCode, ReturnCode = returnCode, ReasonString = Utf8(reasonString) };
            // A reason string only where it fits [MQTT-3.2.2-19].
            if ((uint)writer.Measure() > connection.Link.MaximumPacketSize)
                writer = new ConnAckWriter { Version = connection.Version, ReasonCode = reasonCode, ReturnCode = returnCode };
            if ((uint)writer.Measure() > connection.Link.MaximumPacketSize) return;
            var output = connection.Link.Output;
            var length = writer.Write(output.GetSpan(writer.Measure()));
            output.Advance(length);
            connection.Core.Environment.Counters.AddSent(PacketType.ConnAck, length);
        }
        finally
        {
            gate.Exit();
        }
    }

    // The refusals of section 3.2.2.2 [MQTT-3.2.2-8]: an authenticator may have any code in mind.
    private static bool MayRefuse(ReasonCode code) => code is (>= ReasonCode.UnspecifiedError and <= ReasonCode.Banned)
        or ReasonCode.BadAuthenticationMethod or ReasonCode.TopicNameInvalid or ReasonCode.PacketTooLarge or ReasonCode.QuotaExceeded
        or ReasonCode.PayloadFormatInvalid or ReasonCode.RetainNotSupported or ReasonCode.QoSNotSupported
        or ReasonCode.UseAnotherServer or ReasonCode.ServerMoved or ReasonCode.ConnectionRateExceeded;

    private static ConnectReturnCode ReturnCodeOf(ReasonCode reasonCode) => reasonCode switch
    {
        ReasonCode.UnsupportedProtocolVersion => ConnectReturnCode.UnacceptableProtocolVersion,
        ReasonCode.ClientIdentifierNotValid => ConnectReturnCode.IdentifierRejected,
        // Beyond a quota of its own a v3 client is told that the service is not available to it now; it may try again.
        ReasonCode.ServerUnavailable or ReasonCode.ServerBusy or ReasonCode.QuotaExceeded => ConnectReturnCode.ServerUnavailable,
        ReasonCode.BadUserNameOrPassword => ConnectReturnCode.BadUserNameOrPassword,
        ReasonCode.NotAuthorized or ReasonCode.Banned => ConnectReturnCode.NotAuthorized,
        _ => ConnectReturnCode.Accepted,
    };

    // v5 clients are told the keep alive that holds [MQTT-3.2.2-21]; v3 clients were refused before if they asked for more.
    private static ushort GrantedKeepAlive(ConnectRequest request, BrokerOptions options) =>
        options.MaximumKeepAlive > 0 && (request.KeepAlive == 0 || request.KeepAlive > options.MaximumKeepAlive) ? options.MaximumKeepAlive : request.KeepAlive;

    private static uint ExpiryIntervalOf(ConnectRequest request, BrokerOptions options)
    {
        if (request.IsVersion5) return request.SessionExpiryInterval;
        if (request.CleanStart) return 0;
        return options.PersistentClientExpiration is { } expiration ? (uint)Math.Clamp(expiration.TotalSeconds, 1, uint.MaxValue - 1) : uint.MaxValue;
    }

    private static ReadOnlySpan<byte> Utf8(string? text) => string.IsNullOrEmpty(text) ? default : Encoding.UTF8.GetBytes(text);

    private static void LogAccepted(ClientConnection connection, ConnectRequest request)
    {
        var core = connection.Core;
        var log = core.Environment.Log;
        var clientId = connection.ClientIdText;
        if (core.Events.Connected is { } handler)
        {
            EventCaller.Call(log, handler, new ClientConnectedEventArgs(clientId, connection.Identity.UserName, connection.Version, connection.RemoteEndPoint, connection.SessionPresent));
        }

        if (!core.Environment.Options.ConnectionMessages || !log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information) || !core.PeerLog.TryTake(core.Environment.Clock.Now)) return;
        var clean = request.CleanStart ? 1 : 0;
        if (request.IsBridge) BrokerLog.BridgeConnected(log, connection.AddressText, clientId, (int)request.Version, clean, request.KeepAlive);
        else if (connection.Identity.UserName is { } user) BrokerLog.ClientConnectedAs(log, connection.AddressText, clientId, (int)request.Version, clean, request.KeepAlive, user);
        else BrokerLog.ClientConnected(log, connection.AddressText, clientId, (int)request.Version, clean, request.KeepAlive);
        if (connection.Tls is { } tls) BrokerLog.TlsNegotiated(log, clientId, tls.Protocol, tls.Cipher);
    }

    private static void LogDenied(ClientConnection connection, string reason)
    {
        var core = connection.Core;
        if (core.PeerLog.TryTake(core.Environment.Clock.Now)) BrokerLog.ConnectionDenied(core.Environment.Log, connection.AddressText, reason);
    }

    private static void LogRefused(ClientConnection connection, in ConnectClaim claim)
    {
        var core = connection.Core;
        if (!core.PeerLog.TryTake(core.Environment.Clock.Now)) return;
        var clientId = claim.ClientId.Length == 0 ? "<unknown>" : LogText.Printable(claim.ClientId);
        BrokerLog.AuthenticationFailed(core.Environment.Log, clientId, connection.AddressText, LogText.Printable(claim.UserName ?? ""));
    }
}
