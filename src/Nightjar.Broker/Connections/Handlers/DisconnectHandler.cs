using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>DISCONNECT from a client (§3.14): 0x00 discards the will, any other code publishes it [MQTT-3.14.4-3].</summary>
internal static class DisconnectHandler
{
    internal static void Handle(ClientConnection connection, in Frame frame)
    {
        if (!DisconnectPacket.TryRead(frame, connection.Version, out var packet, out var error))
        {
            connection.Fail(error);
            return;
        }

        if (packet.HasSessionExpiryInterval)
        {
            if (connection.ConnectExpiryInterval == 0 && packet.SessionExpiryInterval != 0)
            {
                connection.Close(DisconnectCause.ProtocolError, ReasonCode.ProtocolError, "session expiry set at DISCONNECT after 0 at CONNECT");
                return;
            }

            var session = connection.Session!;
            lock (session.Gate)
            {
                if (ReferenceEquals(session.Link, connection.Link)) session.ExpiryInterval = packet.SessionExpiryInterval;
            }
        }

        connection.OnDisconnect(discardWill: packet.ReasonCode == ReasonCode.Success);
    }
}
