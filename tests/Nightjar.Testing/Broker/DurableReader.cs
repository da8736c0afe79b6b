using Nightjar.Protocol;

namespace Nightjar.Testing.Broker;

/// <summary>
/// The receiving half of a client's session, as a client keeps it over its connections: acknowledges, and takes a QoS 2 message once per packet
/// id until PUBREL.
/// </summary>
public sealed class DurableReader
{
    private readonly HashSet<ushort> _received = [];

    /// <summary>How often each payload was taken.</summary>
    public Dictionary<string, int> Messages { get; } = [];

    /// <summary>Called with each message that is taken.</summary>
    public Action<ReceivedPublish>? Taken { get; set; }

    /// <summary>Forgets the packet ids, as a client does when the broker has no session of it.</summary>
    public void Reset() => _received.Clear();

    /// <summary>Takes and acknowledges everything until the broker has nothing more to say.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="most">Stops after about this many packets.</param>
    public async Task DrainAsync(WireClient client, int most = int.MaxValue)
    {
        // A round that brings nothing but the answer to its PINGREQ is the end: all acknowledgements were handled before.
        for (var packets = -1; packets != 0 && most > 0;)
        {
            packets = 0;
            await client.SendAsync("C0 00");
            for (var packet = await client.ReceiveAsync(); packet[0] != 0xD0 && most > 0; packet = await client.ReceiveAsync())
            {
                packets++;
                most--;
                await HandleAsync(client, packet);
            }
        }
    }

    /// <summary>Takes a packet of the broker; others than PUBLISH and PUBREL are ignored.</summary>
    /// <param name="client">Where it came from.</param>
    /// <param name="packet">Whole packet.</param>
    /// <param name="answers">Whether it is acknowledged; false leaves it to the next connection, and at QoS 2 untaken.</param>
    public async Task HandleAsync(WireClient client, byte[] packet, bool answers = true)
    {
        var type = (PacketType)(packet[0] >> 4);
        if (type == PacketType.PubRel)
        {
            var id = (ushort)((packet[2] << 8) | packet[3]);
            _received.Remove(id);
            if (answers) await client.SendAsync(WirePackets.Ack(PacketType.PubComp, id, client.Version));
            return;
        }

        if (type != PacketType.Publish) return;
        var publish = ReceivedPublish.Read(packet, client.Version);
        if (publish.QoS != QualityOfService.ExactlyOnce || _received.Add(publish.PacketId))
        {
            Messages[publish.Payload] = Messages.GetValueOrDefault(publish.Payload) + 1;
            Taken?.Invoke(publish);
        }

        if (!answers || publish.QoS == QualityOfService.AtMostOnce) return;
        var acknowledgement = publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
        await client.SendAsync(WirePackets.Ack(acknowledgement, publish.PacketId, client.Version));
    }
}
