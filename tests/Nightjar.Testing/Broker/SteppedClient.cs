using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Testing.Broker;

/// <summary>A client of a <see cref="SteppedBroker"/>: everything happens on the calling thread, and nothing allocates in the steady state.</summary>
public sealed class SteppedClient
{
    private byte[] _answers = new byte[64];

    internal SteppedClient(SteppedConnection connection, ProtocolVersion version)
    {
        Connection = connection;
        Version = version;
    }

    /// <summary>The broker's end.</summary>
    public SteppedConnection Connection { get; }

    /// <summary>The client's version.</summary>
    public ProtocolVersion Version { get; }

    /// <summary>PUBLISH packets seen by <see cref="Answer"/>.</summary>
    public int Received { get; private set; }

    /// <summary>Payload bytes of those.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Has packets handled by the broker.</summary>
    public void Feed(ReadOnlyMemory<byte> packets) => Connection.Feed(packets);

    /// <summary>Waits until the broker has sent so many bytes: what a store's thread lets go comes some time after it was asked for.</summary>
    public void AwaitSent(int bytes)
    {
        var end = Environment.TickCount64 + (long)Wait.Guard.TotalMilliseconds;
        var spin = default(SpinWait);
        while (Connection.Sent.Length < bytes)
        {
            if (Environment.TickCount64 > end) Assert.Fail($"{Connection.Sent.Length} of {bytes} bytes came.");
            spin.SpinOnce();
        }
    }

    /// <summary>Subscribes to one filter.</summary>
    public void Subscribe(string filter, QualityOfService qos, ushort packetId = 1)
    {
        Connection.ClearSent();
        Feed(WirePackets.Subscribe(Version, packetId, filter, qos));
        AwaitSent(Version == ProtocolVersion.Mqtt50 ? 6 : 5);
        Assert.Equal(PacketType.SubAck, (PacketType)(Connection.Sent[0] >> 4));
        Assert.True(Connection.Sent[^1] < 0x80, $"SUBACK {Connection.Sent[^1]:X2}");
        Connection.ClearSent();
    }

    /// <summary>Reads what the broker sent and gives the acknowledgements that the protocol asks for, as one batch.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Answer()
    {
        var sent = Connection.Sent;
        var length = 0;
        while (sent.Length > 0)
        {
            // No assertion of the test framework on this path: those allocate.
            if (FrameReader.TryRead(sent, int.MaxValue, out var frame, out _) != ReadStatus.Complete) Assert.Fail("The broker sent no whole packet.");
            if (_answers.Length - length < AcknowledgementWriter.MaximumBareLength) Array.Resize(ref _answers, _answers.Length * 2);
            length += Answer(frame, _answers.AsSpan(length));
            sent = sent[frame.Length..];
        }

        Connection.ClearSent();
        if (length > 0) Feed(_answers.AsMemory(0, length));
        return length > 0;
    }

    private int Answer(in Frame frame, Span<byte> destination)
    {
        if (frame.Type == PacketType.Publish)
        {
            if (!PublishPacket.TryRead(frame, Version, PacketDirection.ToClient, out var publish, out var error)) Assert.Fail(error.ToString());
            Received++;
            ReceivedBytes += publish.Payload.Length;
            if (publish.QoS == QualityOfService.AtMostOnce) return 0;
            var type = publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
            return AcknowledgementWriter.Write(destination, type, publish.PacketId, Version, ReasonCode.Success);
        }

        if (frame.Type is not (PacketType.PubRec or PacketType.PubRel)) return 0;
        if (!AcknowledgementPacket.TryRead(frame, Version, out var packet, out _)) Assert.Fail("Acknowledgement is not valid.");
        var answer = frame.Type == PacketType.PubRec ? PacketType.PubRel : PacketType.PubComp;
        return AcknowledgementWriter.Write(destination, answer, packet.PacketId, Version, ReasonCode.Success);
    }
}
