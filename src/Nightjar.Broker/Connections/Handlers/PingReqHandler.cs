using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections.Handlers;

/// <summary>PINGREQ (§3.12): PINGRESP at once, whatever waits for acknowledgements or for the store [MQTT-3.12.4-1].</summary>
internal static class PingReqHandler
{
    internal static void Handle(ClientConnection connection, in Frame frame, BatchContext context)
    {
        if (!PingPacket.TryRead(frame, out var error))
        {
            connection.Fail(error);
            return;
        }

        connection.WriteNow([(byte)PacketType.PingResp << 4, 0], context);
    }
}
