using Nightjar.Protocol;

namespace Nightjar.Broker.Messages;

/// <summary>
/// The encoded PUBLISH frames of the message a thread is fanning out: one per (v3 or v5, QoS, RETAIN), made at first use and copied for every
/// further receiver. Frames of QoS 1 and 2 differ only in the packet id, which the copier patches. Of a payload that is sent from where it lies
/// there is only what stands before it.
/// </summary>
internal sealed class FrameTemplates
{
    private const int KeptCapacity = 64 * 1024;
    private readonly Entry[] _entries = new Entry[32];
    private int _stamp = 1;

    /// <summary>Forgets the frames of the previous message; buffers of usual size stay.</summary>
    internal void Reset() => _stamp++;

    /// <summary>The frame for one kind of receiver; <paramref name="packetIdOffset"/> is where its packet id stands, 0 for QoS 0.</summary>
    internal ReadOnlySpan<byte> Get(
        ref Publication publication, bool version5, bool headOnly, QualityOfService qos, bool retain, uint expiry, out int packetIdOffset)
    {
        ref var entry = ref _entries[(headOnly ? 16 : 0) | (version5 ? 8 : 0) | ((int)qos << 1) | (retain ? 1 : 0)];
        if (entry.Stamp != _stamp) Encode(ref entry, ref publication, version5, headOnly, qos, retain, expiry);
        packetIdOffset = entry.PacketIdOffset;
        return entry.Buffer.AsSpan(0, entry.Length);
    }

    /// <summary>Lets go of buffers that one large message left behind.</summary>
    internal void Trim()
    {
        foreach (ref var entry in _entries.AsSpan())
        {
            if (entry.Buffer is { Length: > KeptCapacity }) entry = default;
        }
    }

    private void Encode(ref Entry entry, ref Publication publication, bool version5, bool headOnly, QualityOfService qos, bool retain, uint expiry)
    {
        var writer = new PublishWriter
        {
            Version = version5 ? ProtocolVersion.Mqtt50 : ProtocolVersion.Mqtt311,
            QoS = qos,
            Retain = retain,
            TopicName = publication.TopicName,
            PacketId = qos == QualityOfService.AtMostOnce ? (ushort)0 : (ushort)1,
            HasMessageExpiryInterval = version5 && publication.ExpiresAt != long.MaxValue,
            MessageExpiryInterval = expiry,
            ForwardableProperties = version5 ? publication.Properties : default,
            Payload = publication.Payload,
        };
        var length = headOnly ? writer.MeasureHead() : writer.Measure();
        if (entry.Buffer is null || entry.Buffer.Length < length) entry.Buffer = new byte[Math.Max(256, length)];
        entry.Length = headOnly ? writer.WriteHead(entry.Buffer) : writer.Write(entry.Buffer);
        entry.PacketIdOffset = qos == QualityOfService.AtMostOnce ? 0 : writer.PacketIdOffset;
        entry.Stamp = _stamp;
    }

    private struct Entry
    {
        internal byte[]? Buffer;
        internal int Length;
        internal int PacketIdOffset;
        internal int Stamp;
    }
}
