using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>AUTH (§3.15, §4.12): the exchange after CONNECT and re-authentication later, with whatever method the application registered.</summary>
internal static class AuthHandler
{
    /// <summary>AUTH on a connection that was accepted: re-authentication, answered after the batch because the method may take its time.</summary>
    internal static void Handle(ClientConnection connection, in Frame frame)
    {
        if (!AuthPacket.TryRead(frame, ProtocolVersion.Mqtt50, out var packet, out var error))
        {
            connection.Fail(error);
            return;
        }

        if (connection.AuthenticationMethod is not { } method)
        {
            connection.Close(DisconnectCause.ProtocolError, ReasonCode.ProtocolError, "MQTT-4.12.0-7");
            return;
        }

        var expected = connection.Exchange is null ? ReasonCode.ReAuthenticate : ReasonCode.ContinueAuthentication;
        if (packet.ReasonCode != expected || !Is(packet.AuthenticationMethod, method.Name))
        {
            connection.Close(DisconnectCause.ProtocolError, ReasonCode.ProtocolError, "MQTT-4.12.1-1");
            return;
        }

        connection.PendingAuthentication = packet.AuthenticationData.ToArray();
    }

    /// <summary>One step of a re-authentication. A refusal ends the connection [MQTT-4.12.1-2]; until success the old identity holds.</summary>
    internal static async ValueTask ContinueAsync(ClientConnection connection, byte[] data)
    {
        var method = connection.AuthenticationMethod!;
        var identity = connection.Identity;
        var question = new AuthenticationRequest(identity.ClientId, identity.UserName, null, connection.RemoteEndPoint, false, connection.Proof, identity.SecurityDomain);
        connection.Exchange ??= method.Begin(question);
        var step = await connection.Exchange.ContinueAsync(data, CancellationToken.None);
        connection.PendingAuthentication = null;
        if (step.ReasonCode >= ReasonCode.UnspecifiedError)
        {
            // Codes that only a CONNACK may carry have no place in DISCONNECT [MQTT-3.14.2-1].
            var code = step.ReasonCode is ReasonCode.BadUserNameOrPassword or ReasonCode.Banned or ReasonCode.BadAuthenticationMethod ? ReasonCode.NotAuthorized : step.ReasonCode;
            connection.Close(DisconnectCause.NotAuthorized, code, "MQTT-4.12.1-2", step.ReasonString);
            return;
        }

        if (step.ReasonCode == ReasonCode.Success)
        {
            connection.Exchange = null;
            if (!string.Equals(step.UserName, identity.UserName, StringComparison.Ordinal))
            {
                // A session belongs to the user it was opened for.
                connection.Close(DisconnectCause.NotAuthorized, ReasonCode.NotAuthorized, "re-authentication as another user");
                return;
            }
        }

        if (!TrySend(connection, method.Name, step)) connection.Close(DisconnectCause.PacketTooLarge, ReasonCode.PacketTooLarge, "AUTH larger than the client's Maximum Packet Size");
    }

    /// <summary>The exchange between CONNECT and CONNACK: only AUTH with the same method, or DISCONNECT, may come [MQTT-3.1.2-30].</summary>
    internal static async ValueTask<(AuthenticationResult Result, ReadOnlyMemory<byte> Data)> ExchangeAsync(
        ClientConnection connection, IAuthenticationExchange exchange, ReadOnlyMemory<byte> data, PipeReader input, CancellationToken closing)
    {
        var method = connection.AuthenticationMethod!.Name;
        while (true)
        {
            var step = await exchange.ContinueAsync(data, closing);
            if (step.ReasonCode != ReasonCode.ContinueAuthentication)
                return (new AuthenticationResult(step.ReasonCode, step.UserName, step.ReasonString), step.ReasonCode == ReasonCode.Success ? step.Data : default);
            if (!TrySend(connection, method, step)) return (new AuthenticationResult(ReasonCode.PacketTooLarge, null), default);
            var answer = await ReceiveAsync(connection, method, input);
            if (answer is null) return (new AuthenticationResult(ReasonCode.ProtocolError, null), default);
            data = answer;
        }
    }

    private static async ValueTask<byte[]?> ReceiveAsync(ClientConnection connection, string method, PipeReader input)
    {
        while (!connection.IsClosing)
        {
            var result = await input.ReadAsync();
            var status = TryParse(connection, result.Buffer, method, out var consumed, out var data);
            if (status == ReadStatus.NeedMoreData && !result.IsCompleted)
            {
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            input.AdvanceTo(consumed);
            return status == ReadStatus.Complete ? data : null;
        }

        return null;
    }

    private static ReadStatus TryParse(ClientConnection connection, in ReadOnlySequence<byte> buffer, string method, out SequencePosition consumed, out byte[]? data)
    {
        data = null;
        consumed = buffer.End;
        var status = FrameReader.TryMeasure(buffer, connection.Core.Environment.Options.MaximumConnectPacketSize, out var length, out _);
        if (status != ReadStatus.Complete) return status;
        consumed = buffer.GetPosition(length);
        FrameReader.TryRead(buffer.Slice(0, length).ToArray(), int.MaxValue, out var frame, out _);
        if (frame.Type == PacketType.Disconnect) connection.OnDisconnect(discardWill: true);
        if (frame.Type != PacketType.Auth || !AuthPacket.TryRead(frame, ProtocolVersion.Mqtt50, out var packet, out _)) return ReadStatus.Invalid;
        if (packet.ReasonCode != ReasonCode.ContinueAuthentication || !Is(packet.AuthenticationMethod, method)) return ReadStatus.Invalid;
        data = packet.AuthenticationData.ToArray();
        return ReadStatus.Complete;
    }

    // A reason string only where it is wanted and fits [MQTT-3.15.2-2]; false when even the rest is more than the client takes [MQTT-3.1.2-24].
    private static bool TrySend(ClientConnection connection, string method, in AuthenticationStep step)
    {
        var name = Encoding.UTF8.GetBytes(method);
        var reason = string.IsNullOrEmpty(step.ReasonString) ? [] : Encoding.UTF8.GetBytes(step.ReasonString);
        var writer = new AuthWriter { ReasonCode = step.ReasonCode, AuthenticationMethod = name, AuthenticationData = step.Data.Span, ReasonString = reason };
        if (!connection.MayExplain(writer.Measure()))
            writer = new AuthWriter { ReasonCode = step.ReasonCode, AuthenticationMethod = name, AuthenticationData = step.Data.Span };
        var frame = new byte[writer.Measure()];
        if ((uint)frame.Length > connection.Link.MaximumPacketSize) return false;
        writer.Write(frame);
        var context = BatchContext.Begin();
        connection.WriteNow(frame, context);
        context.End(connection.Core.Environment.Counters);
        return true;
    }

    private static bool Is(ReadOnlySpan<byte> utf8, string text) => utf8.SequenceEqual(Encoding.UTF8.GetBytes(text));
}
