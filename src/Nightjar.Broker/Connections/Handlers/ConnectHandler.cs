using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>CONNECT (§3.1) and CONNACK (§3.2): nothing of a CONNECT acts before the client is authenticated.</summary>
internal static partial class ConnectHandler
{
    /// <summary>Waits for CONNECT, authenticates, attaches the session. Nothing after CONNECT is read before [MQTT-3.1.4-6].</summary>
    /// <returns>Whether the client was let in.</returns>
    internal static async ValueTask<bool> ReceiveAsync(ClientConnection connection, PipeReader input)
    {
        while (!connection.IsClosing)
        {
            var result = await input.ReadAsync();
            var request = TryParse(connection, result.Buffer, out var consumed);
            if (request is null && !connection.IsClosing && !result.IsCompleted)
            {
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            input.AdvanceTo(consumed);
            return request is not null && !connection.IsClosing && await AcceptAsync(connection, request, input);
        }

        return false;
    }

    // The first packet is CONNECT, anything else is closed without an answer [MQTT-3.1.0-1]; what is not complete yet is told from what never will be.
    private static ConnectRequest? TryParse(ClientConnection connection, in ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        consumed = buffer.End;
        if (buffer.IsEmpty) return null;
        if (buffer.FirstSpan[0] >> 4 != (int)PacketType.Connect)
        {
            connection.Close(DisconnectCause.ProtocolError, ReasonCode.ProtocolError, "MQTT-3.1.0-1");
            return null;
        }

        var options = connection.Core.Environment.Options;
        var maximum = Math.Min(options.MaximumPacketSize, options.MaximumConnectPacketSize);
        var status = FrameReader.TryMeasure(buffer, maximum, out var length, out var error);
        if (status == ReadStatus.NeedMoreData) return null;
        if (status == ReadStatus.Invalid)
        {
            connection.Fail(error);
            return null;
        }

        consumed = buffer.GetPosition(length);
        var piece = buffer.Slice(0, length);
        return Parse(connection, piece.IsSingleSegment ? piece.FirstSpan : piece.ToArray());
    }

    private static ConnectRequest? Parse(ClientConnection connection, ReadOnlySpan<byte> bytes)
    {
        var core = connection.Core;
        core.Environment.Counters.AddReceived(PacketType.Connect, bytes.Length);
        FrameReader.TryRead(bytes, int.MaxValue, out var frame, out _);
        if (ConnectPacket.TryRead(frame, out var packet, out var error))
        {
            connection.Link.Version = packet.Version;
            return ConnectRequest.From(packet);
        }

        connection.Link.Version = VersionOf(frame.Body);
        if (error.ReasonCode == ReasonCode.UnsupportedProtocolVersion)
        {
            // A client of a version that is not known understands the answer of 3.1.1 (return code 1) as well as any [MQTT-3.1.2-2].
            connection.Link.Version = ProtocolVersion.Mqtt311;
            Refuse(connection, error.ReasonCode, error.Rule);
        }
        else if (connection.IsVersion5)
        {
            Refuse(connection, error.ReasonCode, error.Rule);
        }
        else
        {
            connection.Fail(error);
        }

        return null;
    }

    // The protocol name and level of a CONNECT that is wrong further on.
    private static ProtocolVersion VersionOf(ReadOnlySpan<byte> body) =>
        body.Length > 6 && body[..6].SequenceEqual("\0\u0004MQTT"u8) && body[6] == 5 ? ProtocolVersion.Mqtt50 : ProtocolVersion.Mqtt311;

    private static async ValueTask<bool> AcceptAsync(ClientConnection connection, ConnectRequest request, PipeReader input)
    {
        connection.Link.MaximumPacketSize = request.MaximumPacketSize;
        connection.IsBridge = request.IsBridge;
        connection.SendsProblemInformation = request.RequestProblemInformation;
        if (!connection.TryTakeRules())
        {
            Refuse(connection, ReasonCode.ServerBusy, "listener changed");
            return false;
        }

        var refusal = Check(connection, request, out var rule);
        if (refusal != ReasonCode.Success)
        {
            Refuse(connection, refusal, rule);
            return false;
        }

        var closing = connection.BeginAuthentication();
        refusal = ConnectClaim.TryMake(connection, request, out var claim, out rule);
        if (refusal == ReasonCode.Success) refusal = CheckClientId(connection, claim, out rule);
        if (refusal != ReasonCode.Success)
        {
            await RefuseFailedAsync(connection, claim, new AuthenticationResult(refusal, claim.UserName), rule, closing);
            return false;
        }

        var (decision, authenticationData) = await AuthenticateAsync(connection, request, claim, input, closing);
        if (connection.IsClosing) return false;
        if (!decision.IsSuccess)
        {
            await RefuseFailedAsync(connection, claim, decision, null, closing);
            return false;
        }

        if (connection.Listener.UseUserNameAsClientId && !string.Equals(decision.UserName, claim.UserName, StringComparison.Ordinal))
        {
            // The client id was to be that of a user who has proved to be it.
            await RefuseFailedAsync(connection, claim, new AuthenticationResult(ReasonCode.NotAuthorized, null), "use_username_as_clientid", closing);
            return false;
        }

        return await AttachAsync(connection, request, claim, decision, authenticationData);
    }

    private static ReasonCode CheckClientId(ClientConnection connection, in ConnectClaim claim, out string? rule)
    {
        rule = null;
        var prefix = connection.Core.Environment.Options.ClientIdPrefix;
        if (string.IsNullOrEmpty(prefix)) return ReasonCode.Success;
        var clientId = claim.ClientId.Length > 0 ? claim.ClientId : AutoIdPrefixOf(connection);
        if (clientId.StartsWith(prefix, StringComparison.Ordinal)) return ReasonCode.Success;
        rule = "clientid_prefixes";
        return ReasonCode.NotAuthorized;
    }

    // Whoever guesses waits, and only he: the refusal is what is delayed, by a timer that ends with the connection.
    private static async ValueTask RefuseFailedAsync(
        ClientConnection connection, ConnectClaim claim, AuthenticationResult decision, string? rule, CancellationToken closing)
    {
        var core = connection.Core;
        if (decision.ReasonCode is ReasonCode.NotAuthorized or ReasonCode.BadUserNameOrPassword or ReasonCode.Banned)
        {
            LogRefused(connection, claim);
            var options = core.Environment.Options;
            var longest = options.StrictCompatibility ? TimeSpan.Zero : options.MaximumAuthenticationDelay;
            if (longest > options.ConnectTimeout / 2) longest = options.ConnectTimeout / 2;
            var delay = core.FailedLogins.Note(AddressPrefix.Of(connection.RemoteEndPoint), longest);
            if (delay > TimeSpan.Zero)
                await Task.Delay(delay, core.Environment.Clock.Provider, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!connection.IsClosing) Refuse(connection, decision.ReasonCode, rule, decision.ReasonString);
    }

    // What can be said without knowing who it is; none of it tells of sessions, users or topics.
    private static ReasonCode Check(ClientConnection connection, ConnectRequest request, out string? rule)
    {
        var options = connection.Core.Environment.Options;
        rule = null;
        if (!connection.Listener.AcceptedVersions.Contains(request.Version)) return ReasonCode.UnsupportedProtocolVersion;
        if (request.ClientId.Length == 0)
        {
            var cleanEnough = request.Version == ProtocolVersion.Mqtt50 || (request.Version == ProtocolVersion.Mqtt311 && request.CleanStart);
            var allowed = connection.Listener.AllowZeroLengthClientId ?? options.AllowZeroLengthClientId;
            if (!allowed || !cleanEnough)
            {
                rule = "MQTT-3.1.3-8";
                return ReasonCode.ClientIdentifierNotValid;
            }
        }

        if (!request.IsVersion5 && options.MaximumKeepAlive > 0 && (request.KeepAlive > options.MaximumKeepAlive || request.KeepAlive == 0))
        {
            connection.CountLimit(BrokerLimit.MaximumKeepAlive);
            rule = "keep alive longer than max_keepalive";
            return ReasonCode.ClientIdentifierNotValid;
        }

        return request.HasWill ? CheckWill(connection, request, out rule) : ReasonCode.Success;
    }

    private static ReasonCode CheckWill(ClientConnection connection, ConnectRequest request, out string? rule)
    {
        var options = connection.Core.Environment.Options;
        rule = null;
        if (request.WillQoS > connection.Listener.MaximumQoS)
        {
            rule = "MQTT-3.2.2-12";
            return ReasonCode.QoSNotSupported;
        }

        if (request.WillRetain && !options.RetainAvailable)
        {
            rule = "MQTT-3.2.2-13";
            return ReasonCode.RetainNotSupported;
        }

        if (connection.Mount is { } mount) request.WillTopic = mount.MountWill(request.WillTopic) ?? [];
        // Nobody would be there to be asked when it is due, and nobody to get the answer.
        if (TopicRoot.IsControl(request.WillTopic))
        {
            rule = "will topic";
            return ReasonCode.NotAuthorized;
        }

        if (TopicName.IsValid(request.WillTopic, options.MaximumTopicLevels)) return ReasonCode.Success;
        if (TopicName.IsValid(request.WillTopic)) connection.CountLimit(BrokerLimit.MaximumTopicLevels);
        rule = "will topic";
        return ReasonCode.TopicNameInvalid;
    }

    private static async ValueTask<(AuthenticationResult Result, ReadOnlyMemory<byte> Data)> AuthenticateAsync(
        ClientConnection connection, ConnectRequest request, ConnectClaim claim, PipeReader input, CancellationToken closing)
    {
        var anonymous = connection.Listener.AllowAnonymous ?? connection.Core.Environment.Options.AllowAnonymous;
        // Written out, because null converts to a password of no bytes.
        ReadOnlyMemory<byte>? password = claim.Password is { } bytes ? new ReadOnlyMemory<byte>(bytes) : null;
        var question = new AuthenticationRequest(
            claim.ClientId, claim.UserName, password, connection.RemoteEndPoint, anonymous, claim.Proof, connection.Listener.SecurityDomain);
        if (request.AuthenticationMethod is null)
        {
            var result = await connection.Admission.Authenticator.AuthenticateAsync(question, closing);
            if (request.Password is { } given) CryptographicOperations.ZeroMemory(given);
            return (result, default);
        }

        if (!connection.Admission.Methods.TryGetValue(request.AuthenticationMethod, out var method))
            return (new AuthenticationResult(ReasonCode.BadAuthenticationMethod, null), default);

        connection.AuthenticationMethod = method;
        var (decision, data) = await AuthHandler.ExchangeAsync(connection, method.Begin(question), request.AuthenticationData, input, closing);
        if (!decision.IsSuccess) return (decision, data);
        var identity = new Identity(claim.ClientId, decision.UserName, connection.RemoteEndPoint, connection.Listener.SecurityDomain);
        return connection.Admission.Authenticator.IsStillAllowed(identity, IdentityProof.AuthenticationMethod, null, anonymous)
            ? (decision, data)
            : (new AuthenticationResult(ReasonCode.NotAuthorized, decision.UserName), default);
    }

    private static string AutoIdPrefixOf(ClientConnection connection) => connection.Listener.AutoIdPrefix ?? connection.Core.Environment.Options.AutoIdPrefix;

    private static async ValueTask<bool> AttachAsync(
        ClientConnection connection, ConnectRequest request, ConnectClaim claimed, AuthenticationResult decision, ReadOnlyMemory<byte> authenticationData)
    {
        var core = connection.Core;
        var options = core.Environment.Options;
        // The only lower-case letters of an assigned id are those of its prefix, as Mosquitto's.
        var clientId = claimed.ClientId.Length == 0 ? AutoIdPrefixOf(connection) + Guid.NewGuid().ToString("D").ToUpperInvariant() : claimed.ClientId;
        var identity = new Identity(clientId, decision.UserName, connection.RemoteEndPoint, connection.Listener.SecurityDomain);
        // Mosquitto lets the client in and drops the will when it is due (strict).
        if (request.HasWill && !options.StrictCompatibility && !core.Environment.Gate.May(identity, AccessAction.Write, request.WillTopic))
        {
            Refuse(connection, ReasonCode.NotAuthorized, "will topic");
            return false;
        }

        if (request.HasWill && !HoldsWill(connection, request))
        {
            Refuse(connection, ReasonCode.QuotaExceeded, "memory_limit");
            return false;
        }

        connection.Authenticated(identity, claimed.Proof, decision.Credential);
        var expiry = ExpiryIntervalOf(request, options);
        connection.ConnectExpiryInterval = expiry;
        var claim = expiry == 0 ? default : await core.Environment.Stores.Sessions.ClaimAsync(clientId, CancellationToken.None);
        var plan = new ConnAckPlan(request, request.ClientId.Length == 0 ? clientId : null, authenticationData);
        if (connection.IsClosing) return false;
        while (true)
        {
            var result = Attach(connection, request, identity, claim, plan);
            if (result.Ending is null) return Settle(connection, request, result);
            await result.Ending;
            if (connection.IsClosing) return false;
        }
    }

    // A will waits in memory for as long as its client lives.
    private static bool HoldsWill(ClientConnection connection, ConnectRequest request)
    {
        var environment = connection.Core.Environment;
        if (environment.Options.MemoryLimit == 0) return true;
        var context = BatchContext.Begin();
        var admitted = environment.AdmitsMemory(PublishedMessage.FootprintOf(request.WillSize), context);
        context.End(environment.Counters);
        return admitted;
    }

    private static AttachResult Attach(ClientConnection connection, ConnectRequest request, Identity identity, SessionClaim claim, ConnAckPlan plan)
    {
        var core = connection.Core;
        var options = core.Environment.Options;
        connection.Plan = plan;
        connection.ReceiveMaximum = options.MaximumInflightMessages == 0 || !request.IsVersion5 ? 65_535 : options.MaximumInflightMessages;
        connection.Link.ReceiveMaximum = request.ReceiveMaximum;
        var aliases = Math.Min(request.TopicAliasMaximum, connection.Listener.MaximumTopicAliasBroker);
        if (aliases > 0) connection.Link.Aliases = new OutboundAliases(aliases);
        if (request.IsVersion5 && connection.Listener.MaximumTopicAlias > 0) connection.Aliases = new InboundAliases(connection.Listener.MaximumTopicAlias);
        if (!FitsConnAck(connection))
        {
            return new AttachResult(ReasonCode.PacketTooLarge, null);
        }

        var context = BatchContext.Begin();
        var result = core.Sessions.Attach(connection, request, identity, claim, context);
        context.End(core.Environment.Counters);
        return result;
    }

    private static bool Settle(ClientConnection connection, ConnectRequest request, in AttachResult result)
    {
        connection.Plan = null;
        if (result.ReasonCode != ReasonCode.Success)
        {
            if (result.ReasonCode == ReasonCode.QuotaExceeded) LogDenied(connection, "max_sessions_per_user exceeded");
            if (result.ReasonCode == ReasonCode.ServerUnavailable) LogDenied(connection, "the store cannot be written");
            // As Mosquitto at global_max_clients: a v3 client gets no answer.
            if (result.ReasonCode == ReasonCode.ServerBusy && !connection.IsVersion5) connection.Close(DisconnectCause.QuotaExceeded, ReasonCode.ServerBusy);
            else Refuse(connection, result.ReasonCode, result.ReasonCode == ReasonCode.PacketTooLarge ? "CONNACK is larger than the client's Maximum Packet Size" : null);
            return false;
        }

        var granted = GrantedKeepAlive(request, connection.Core.Environment.Options);
        if (granted != request.KeepAlive) connection.CountLimit(BrokerLimit.MaximumKeepAlive);
        connection.StartKeepAlive(granted);
        LogAccepted(connection, request);
        // A reload between the decision and now did not find this client among those it judged.
        connection.JudgeAgain();
        return true;
    }
}
