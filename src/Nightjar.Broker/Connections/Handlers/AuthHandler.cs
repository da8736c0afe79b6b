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
        var question = new AuthenticationRequest(identity.ClientId, identity.UserName, null, connection.RemoteEndPoint, false);
        connection.Exchange ??= method.Begin(question);
        var step = await connection.Exchange.ContinueAsync(data, CancellationToken.None);
        connection.PendingAuthentication = null;
        if (step.ReasonCode >= ReasonCode.UnspecifiedError)
        {
            connection.Close(DisconnectCause.NotAuthorized, step.ReasonCode, "MQTT-4.12.1-2");
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

        Send(connection, step.ReasonCode, method.Name, step.Data.Span);
    }

    /// <summary>The exchange between CONNECT and CONNACK: only AUTH with the same method, or DISCONNECT, may come [MQTT-3.1.2-30].</summary>
    internal static async ValueTask<(AuthenticationResult Result, ReadOnlyMemory<byte> Data)> ExchangeAsync(
        ClientConnection connection, IAuthenticationExchange exchange, ReadOnlyMemory<byte> data, PipeReader input)
    {
        var method = connection.AuthenticationMethod!.Name;
        while (true)
        {
            var step = await exchange.ContinueAsync(data, CancellationToken.None);
            if (step.ReasonCode != ReasonCode.ContinueAuthentication)
                return (new AuthenticationResult(step.ReasonCode, step.UserName), step.ReasonCode == ReasonCode.Success ? step.Data : default);
            Send(connection, ReasonCode.ContinueAuthentication, method, step.Data.Span);
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

    private static void Send(ClientConnection connection, ReasonCode code, string method, ReadOnlySpan<byte> data)
    {
        var name = Encoding.UTF8.GetBytes(method);
        var writer = new AuthWriter { ReasonCode = code, AuthenticationMethod = name, AuthenticationData = data };
        var frame = new byte[writer.Measure()];
        writer.Write(frame);
        var context = BatchContext.Begin();
        connection.WriteNow(frame, context);
        context.End(connection.Core.Environment.Counters);
    }

    private static bool Is(ReadOnlySpan<byte> utf8, string text) => utf8.SequenceEqual(Encoding.UTF8.GetBytes(text));
}
