using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Storage.Mosquitto;

/// <summary>What stands in the chunks of a <c>mosquitto.db</c>, by its format.</summary>
/// <remarks>
/// <code>
///                2 to 4                                             5 and 6
/// configuration  shutdown 1, id size 1, last id 8                   last id 8, shutdown 1, id size 1, padding 6
/// message        id 8, source, [4: user name, port 2],              id 8, expires 8, payload length 4, source's packet id 2, lengths of source,
///                source's packet id 2, packet id 2, topic,          user name, topic 2 each, port 2, QoS 1, retain 1; source, user name, topic,
///                QoS 1, retain 1, payload length 4, payload         payload, properties behind their length
/// delivery       client, id 8, packet id 2, QoS 1, retain 1,        id 8, packet id 2, client's length 2, QoS 1, state 1, retain and dup 1,
///                direction 1, state 1, dup 1                        direction 1; client, properties behind their length
/// retained       id 8                                               id 8
/// subscription   client, filter, QoS 1                              identifier 4, lengths of client, filter 2 each, QoS 1, options 1, padding 2; both
/// session        client, last packet id 2, [3, 4: a time]           expires 8, interval 4, last packet id 2, client's length 2,
///                                                                   [6: port 2, user name's length 2, padding 4]; client, user name
/// </code>
/// Text stands behind its length in two bytes in 2 to 4.
/// </remarks>
/// <param name="Version">2 to 6.</param>
internal readonly record struct ChunkLayout(int Version)
{
    private bool IsPacked => Version < 5;

    /// <summary>Bytes in front of each chunk.</summary>
    internal int HeaderLength => IsPacked ? 6 : 8;

    internal void CheckConfiguration(ChunkReader chunk)
    {
        if (!IsPacked) chunk.Skip(8);
        chunk.Skip(1);
        var size = chunk.Byte();
        if (size != 8) throw chunk.Fail($"the file has ids of {size} bytes; those of every build of Mosquitto that is known have 8.");
    }

    internal MosquittoMessage Message(ChunkReader chunk)
    {
        var id = chunk.Int64();
        long expires = 0, payloadLength;
        string? source, user = null;
        ReadOnlySpan<byte> topic;
        byte qos, retain;
        if (IsPacked)
        {
            source = chunk.Text("the publisher's client id");
            if (Version == 4)
            {
                user = chunk.Text("the publisher's user name");
                chunk.Skip(2);
            }

            chunk.Skip(4);
            topic = chunk.Bytes(chunk.UInt16(), "the topic name");
            qos = chunk.Byte();
            retain = chunk.Byte();
            payloadLength = chunk.UInt32();
        }
        else
        {
            expires = chunk.Int64();
            payloadLength = chunk.UInt32();
            chunk.Skip(2);
            int sourceLength = chunk.UInt16(), userLength = chunk.UInt16(), topicLength = chunk.UInt16();
            chunk.Skip(2);
            qos = chunk.Byte();
            retain = chunk.Byte();
            source = chunk.Text(sourceLength, "the publisher's client id");
            user = chunk.Text(userLength, "the publisher's user name");
            topic = chunk.Bytes(topicLength, "the topic name");
        }

        if (!TopicName.IsValid(topic)) throw chunk.Fail("the topic name is not valid.");
        CheckQoS(chunk, qos);
        if (expires is < 0 or > MosquittoMessage.LatestTime) throw chunk.Fail($"the message expires at {expires}, which is no time.");
        var payload = chunk.Bytes(payloadLength, "the payload").ToArray();
        return new MosquittoMessage
        {
            Id = id,
            TopicName = topic.ToArray(),
            Properties = IsPacked ? [] : Properties(ref chunk),
            Payload = payload,
            QoS = qos,
            Retain = retain != 0,
            ExpiresAt = expires,
            SourceId = source,
            SourceUserName = user,
        };
    }

    internal (string ClientId, bool IsIncoming, MosquittoDelivery Delivery) Delivery(ChunkReader chunk)
    {
        var client = IsPacked ? ClientId(ref chunk, chunk.UInt16()) : "";
        var id = chunk.Int64();
        var packetId = chunk.UInt16();
        int clientLength = IsPacked ? 0 : chunk.UInt16();
        byte qos = chunk.Byte(), state, retain, direction;
        if (IsPacked)
        {
            retain = chunk.Byte();
            direction = chunk.Byte();
            state = chunk.Byte();
        }
        else
        {
            state = chunk.Byte();
            // The high half is RETAIN, the low half DUP.
            retain = (byte)(chunk.Byte() >> 4);
            direction = chunk.Byte();
        }

        CheckQoS(chunk, qos);
        if (state > (byte)MosquittoState.Queued) throw chunk.Fail($"a delivery has state {state}, 0 to 11 are known.");
        if (direction > 1) throw chunk.Fail($"a delivery has direction {direction}, 0 and 1 are known.");
        if (!IsPacked) client = ClientId(ref chunk, clientLength);
        uint[]? identifiers = null;
        if (!IsPacked && chunk.Left > 0)
        {
            identifiers = PropertyCheck.Identifiers(Block(ref chunk), out var error);
            if (error is not null) throw chunk.Fail(error);
        }

        return (client, direction == 0, new MosquittoDelivery(id, packetId, qos, retain != 0, (MosquittoState)state, identifiers));
    }

    internal (string ClientId, MosquittoSubscription Subscription) Subscription(ChunkReader chunk)
    {
        uint identifier = 0;
        byte options = 0;
        int clientLength, filterLength = 0;
        if (IsPacked)
        {
            clientLength = chunk.UInt16();
        }
        else
        {
            identifier = chunk.UInt32();
            clientLength = chunk.UInt16();
            filterLength = chunk.UInt16();
            // QoS stands apart from the other bits, which later versions repeat it in.
            options = (byte)((chunk.Byte() & 3) | (chunk.Byte() & 0x3C));
            chunk.Skip(2);
        }

        var client = ClientId(ref chunk, clientLength);
        var filter = chunk.Bytes(IsPacked ? chunk.UInt16() : filterLength, "the topic filter").ToArray();
        if (IsPacked) options = chunk.Byte();
        if (!TopicFilter.IsValid(filter)) throw chunk.Fail($"the topic filter '{Encoding.UTF8.GetString(filter)}' of client '{client}' is not valid.");
        if ((options & 3) == 3 || (options >> 4) == 3) throw chunk.Fail($"the subscription options 0x{options:X2} are not valid.");
        if (identifier > VariableByteInteger.MaximumValue) throw chunk.Fail($"the subscription identifier {identifier} is larger than {VariableByteInteger.MaximumValue}.");
        return (client, new MosquittoSubscription(filter, options, identifier));
    }

    internal void ReadSession(ChunkReader chunk, MosquittoContent content)
    {
        if (IsPacked)
        {
            // The rest says nothing that is of use: the last packet id, and when the client left, in a time of 4 or 8 bytes.
            content.SessionOf(ClientId(ref chunk, chunk.UInt16()));
            return;
        }

        var expires = chunk.Int64();
        var interval = chunk.UInt32();
        chunk.Skip(2);
        int clientLength = chunk.UInt16(), userLength = 0;
        if (Version == 6)
        {
            chunk.Skip(2);
            userLength = chunk.UInt16();
            chunk.Skip(4);
        }

        var session = content.SessionOf(ClientId(ref chunk, clientLength));
        session.UserName = chunk.Text(userLength, "the user name");
        session.ExpiryInterval = interval;
        if (expires is < 0 or > MosquittoMessage.LatestTime) throw chunk.Fail($"the session of client '{session.ClientId}' ends at {expires}, which is no time.");
        session.LeftAt = interval == uint.MaxValue || expires == 0 ? 0 : Math.Max(expires - interval, 1);
    }

    private static string ClientId(ref ChunkReader chunk, int length) =>
        chunk.Text(length, "the client id") ?? throw chunk.Fail("the client id is empty.");

    private static void CheckQoS(scoped in ChunkReader chunk, byte qos)
    {
        if (qos > 2) throw chunk.Fail($"QoS is {qos}, 0 to 2 are possible.");
    }

    private static byte[] Properties(ref ChunkReader chunk)
    {
        if (chunk.Left == 0) return [];
        var properties = PropertyCheck.Forwardable(Block(ref chunk), out var error);
        return error is null ? properties : throw chunk.Fail(error);
    }

    // Properties behind their length, to the end of the chunk.
    private static ReadOnlySpan<byte> Block(ref ChunkReader chunk)
    {
        var rest = chunk.Bytes(chunk.Left, "the properties");
        if (VariableByteInteger.TryRead(rest, out var length, out var taken) != ReadStatus.Complete || length != rest.Length - taken)
            throw chunk.Fail("the length of the properties is not that of what follows.");
        return rest[taken..];
    }
}
