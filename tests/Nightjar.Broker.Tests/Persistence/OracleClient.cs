using System.Globalization;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>One client of one side: writes down what it gets, so that two sides can be compared, and knows what it may acknowledge next.</summary>
internal sealed class OracleClient(string clientId, ProtocolVersion version)
{
    private readonly Dictionary<ushort, string> _texts = [];

    internal string ClientId { get; } = clientId;

    internal ProtocolVersion Version { get; } = version;

    internal WireClient? Wire { get; private set; }

    /// <summary>The answers the client owes, oldest first.</summary>
    internal List<(PacketType Answer, ushort PacketId)> Owed { get; } = [];

    internal void Connected(WireClient wire)
    {
        Wire = wire;
        if (!wire.SessionPresent) _texts.Clear();
    }

    internal void Disconnected()
    {
        Wire = null;
        Owed.Clear();
    }

    internal async Task AnswerAsync(int index)
    {
        var (answer, packetId) = Owed[index];
        Owed.RemoveAt(index);
        if (answer != PacketType.PubRec) _texts.Remove(packetId);
        await Wire!.SendAsync(WirePackets.Ack(answer, packetId, Version));
    }

    /// <summary>Everything that came, one line a packet. Packet ids stand for the message they were first seen with: that they stay the same is checked here.</summary>
    internal async Task<List<string>> DrainAsync()
    {
        var lines = new List<string>();
        if (Wire is null) return lines;
        await Wire.SendAsync("C0 00");
        while (true)
        {
            var packet = await Wire.ReceiveAsync();
            switch ((PacketType)(packet[0] >> 4))
            {
                case PacketType.PingResp:
                    return lines;
                case PacketType.Publish:
                    lines.Add(Note(ReceivedPublish.Read(packet, Version)));
                    break;
                case PacketType.PubRel:
                    var packetId = (ushort)((packet[2] << 8) | packet[3]);
                    Owed.Add((PacketType.PubComp, packetId));
                    lines.Add($"PUBREL of {_texts.GetValueOrDefault(packetId, "nothing")}");
                    break;
                default:
                    lines.Add(Convert.ToHexString(packet));
                    break;
            }
        }
    }

    private string Note(ReceivedPublish publish)
    {
        var identifiers = string.Join(',', publish.SubscriptionIdentifiers.Order());
        var text = string.Create(CultureInfo.InvariantCulture, $"{publish.Topic} {publish.Payload} {publish.QoS} {publish.Retain} [{identifiers}]");
        if (publish.QoS != QualityOfService.AtMostOnce)
        {
            if (publish.Dup) Assert.True(_texts.GetValueOrDefault(publish.PacketId) == text, $"Sent again with another packet id: {text}");
            else Assert.True(_texts.TryAdd(publish.PacketId, text), $"The packet id of {text} is in use.");
            Owed.Add((publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, publish.PacketId));
        }

        return $"PUBLISH {text} {publish.Dup} {publish.MessageExpiryInterval}";
    }
}
