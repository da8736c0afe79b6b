using System.Runtime.InteropServices;
using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>Received QoS 1 and 2 messages that wait for PUBACK or PUBREC, which leave in the order of receipt [MQTT-4.6.0-2, -3].</summary>
/// <remarks>Lives as long as the network connection. Guarded by the client's gate. An acknowledgement out of order is remembered and
/// leaves when its turn comes; the usual one, at the head, costs O(1).</remarks>
internal sealed class AcknowledgementQueue
{
    private readonly List<Entry> _entries = [];
    private readonly HashSet<ushort> _released = [];
    private int _head;

    /// <summary>Messages that count against the Receive Maximum: not yet answered with PUBACK or PUBCOMP (§4.9).</summary>
    internal int Unacknowledged => _entries.Count - _head + _released.Count;

    internal void AddLocked(ushort packetId, QualityOfService qos) => _entries.Add(new Entry(packetId, qos));

    /// <summary>Notes one acknowledgement, and writes all that are due.</summary>
    /// <returns>False when no such message waits.</returns>
    internal bool AcknowledgeLocked(ClientLink link, ushort packetId, ReasonCode reasonCode)
    {
        Span<Entry> waiting = CollectionsMarshal.AsSpan(_entries)[_head..];
        int found = -1;
        for (int i = 0; i < waiting.Length && found < 0; i++)
            if (waiting[i].PacketId == packetId && !waiting[i].IsAcknowledged) found = i;
        if (found < 0) return false;
        waiting[found].IsAcknowledged = true;
        waiting[found].ReasonCode = reasonCode;
        WriteDueLocked(link, waiting);
        return true;
    }

    /// <summary>A QoS 2 exchange has ended with PUBREL.</summary>
    internal void CompleteLocked(ushort packetId) => _released.Remove(packetId);

    internal void ClearLocked()
    {
        _entries.Clear();
        _released.Clear();
        _head = 0;
    }

    private void WriteDueLocked(ClientLink link, Span<Entry> waiting)
    {
        int due = 0;
        while (due < waiting.Length && waiting[due].IsAcknowledged) WriteLocked(link, in waiting[due++]);
        _head += due;
        if (_head == _entries.Count)
        {
            _entries.Clear();
            _head = 0;
        }
        else if (_head > 1024 && _head > _entries.Count / 2)
        {
            _entries.RemoveRange(0, _head);
            _head = 0;
        }
    }

    private void WriteLocked(ClientLink link, in Entry entry)
    {
        if (link.IsClosed) return;
        if (entry.QoS == QualityOfService.ExactlyOnce && entry.ReasonCode < ReasonCode.UnspecifiedError)
        {
            link.Session.AddReceived(entry.PacketId);
            _released.Add(entry.PacketId);
        }

        PacketType type = entry.QoS == QualityOfService.ExactlyOnce ? PacketType.PubRec : PacketType.PubAck;
        link.Encoder.WriteAcknowledgementLocked(type, entry.PacketId, entry.ReasonCode);
    }

    private struct Entry(ushort packetId, QualityOfService qos)
    {
        internal readonly ushort PacketId = packetId;
        internal readonly QualityOfService QoS = qos;
        internal ReasonCode ReasonCode;
        internal bool IsAcknowledged;
    }
}
