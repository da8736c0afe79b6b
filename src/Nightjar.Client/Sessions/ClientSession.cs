namespace Nightjar.Client.Sessions;

/// <summary>Session State of the client (§4.1): what is unacknowledged in both directions. Guarded by the client's gate.</summary>
internal sealed class ClientSession
{
    private readonly Dictionary<ushort, OutgoingPublish> _outgoing = [];
    private readonly Dictionary<ushort, PendingRequest> _requests = [];
    private readonly Queue<OutgoingPublish> _waiting = [];
    private readonly HashSet<ushort> _received = [];
    private ushort _lastPacketId;
    private long _sequence;

    /// <summary>Sent and not yet acknowledged.</summary>
    internal int OutgoingCount => _outgoing.Count;

    /// <summary>Not yet sent for want of quota.</summary>
    internal int WaitingCount => _waiting.Count;

    internal void Enqueue(OutgoingPublish publish) => _waiting.Enqueue(publish);

    /// <summary>Moves the oldest waiting message to the sent ones under a fresh packet id.</summary>
    internal bool TryStartNext(out OutgoingPublish publish)
    {
        if (!_waiting.TryPeek(out publish!) || !TryTakePacketId(out ushort packetId)) return false;
        _waiting.Dequeue();
        publish.PacketId = packetId;
        publish.State = DeliveryState.Published;
        publish.Sequence = ++_sequence;
        _outgoing.Add(packetId, publish);
        return true;
    }

    internal bool TryGet(ushort packetId, out OutgoingPublish publish) => _outgoing.TryGetValue(packetId, out publish!);

    internal void Release(OutgoingPublish publish)
    {
        publish.State = DeliveryState.Released;
        publish.Sequence = ++_sequence;
    }

    internal void Remove(OutgoingPublish publish) => _outgoing.Remove(publish.PacketId);

    /// <summary>What has to be sent again on resume: PUBRELs, then PUBLISHes, each in their first order [MQTT-4.6.0-1, -4].</summary>
    internal List<OutgoingPublish> GetUnacknowledged()
    {
        List<OutgoingPublish> list = [.. _outgoing.Values];
        list.Sort(static (left, right) => left.State != right.State
            ? right.State.CompareTo(left.State)
            : left.Sequence.CompareTo(right.Sequence));
        return list;
    }

    internal bool TryAddRequest(PendingRequest request, out ushort packetId)
    {
        if (!TryTakePacketId(out packetId)) return false;
        _requests.Add(packetId, request);
        return true;
    }

    internal bool TryRemoveRequest(ushort packetId, out PendingRequest request) => _requests.Remove(packetId, out request!);

    /// <summary>A QoS 2 message was answered with PUBREC: repeats of its id are no new message [MQTT-4.3.3-10].</summary>
    internal void AddReceived(ushort packetId) => _received.Add(packetId);

    internal bool HasReceived(ushort packetId) => _received.Contains(packetId);

    internal bool RemoveReceived(ushort packetId) => _received.Remove(packetId);

    /// <summary>The network connection has ended: requests fail, and so do publishes unless the session keeps them.</summary>
    internal void OnConnectionLost(bool keepSession, bool completePublishes)
    {
        foreach (PendingRequest request in _requests.Values) request.Complete(SubscribeResult.Unanswered);
        _requests.Clear();
        if (!keepSession)
        {
            Clear(PublishOutcome.ConnectionLost);
            return;
        }

        if (!completePublishes) return;
        foreach (OutgoingPublish publish in _outgoing.Values) publish.Detach();
        foreach (OutgoingPublish publish in _waiting) publish.Detach();
    }

    /// <summary>Drops everything [MQTT-3.2.2-5].</summary>
    internal void Clear(PublishOutcome outcome)
    {
        foreach (OutgoingPublish publish in _outgoing.Values) publish.Complete(new PublishResult(outcome));
        foreach (OutgoingPublish publish in _waiting) publish.Complete(new PublishResult(outcome));
        _outgoing.Clear();
        _waiting.Clear();
        _received.Clear();
        _lastPacketId = 0;
    }

    /// <summary>The next id that is neither 0 nor in use [MQTT-2.2.1-3].</summary>
    private bool TryTakePacketId(out ushort packetId)
    {
        packetId = _lastPacketId;
        for (int tries = 0; tries < ushort.MaxValue; tries++)
        {
            packetId++;
            if (packetId == 0) packetId = 1;
            if (_outgoing.ContainsKey(packetId) || _requests.ContainsKey(packetId)) continue;
            _lastPacketId = packetId;
            return true;
        }

        return false;
    }
}
