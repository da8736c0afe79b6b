namespace Nightjar.Storage.Inspection;

/// <summary>How much a store holds.</summary>
public sealed class StoreCounts
{
    /// <summary>Sessions.</summary>
    public long Sessions { get; internal set; }

    /// <summary>Subscriptions, shared ones included.</summary>
    public long Subscriptions { get; internal set; }

    /// <summary>Subscriptions that begin with <c>$share/</c>.</summary>
    public long SharedSubscriptions { get; internal set; }

    /// <summary>Messages for sessions, each once whatever the number of its receivers.</summary>
    public long Messages { get; internal set; }

    /// <summary>Bytes of topic names, properties and payloads of <see cref="Messages"/>.</summary>
    public long MessageBytes { get; internal set; }

    /// <summary>Deliveries that wait to be sent.</summary>
    public long Queued { get; internal set; }

    /// <summary>Deliveries that were sent and not acknowledged.</summary>
    public long Sent { get; internal set; }

    /// <summary>QoS 2 deliveries whose PUBREC arrived.</summary>
    public long Received { get; internal set; }

    /// <summary>QoS 2 messages of clients that wait for PUBREL.</summary>
    public long ReceivedIds { get; internal set; }

    /// <summary>Retained messages.</summary>
    public long Retained { get; internal set; }

    /// <summary>Bytes of topic names, properties and payloads of <see cref="Retained"/>.</summary>
    public long RetainedBytes { get; internal set; }

    /// <summary>Wills.</summary>
    public long Wills { get; internal set; }

    /// <summary>All deliveries.</summary>
    public long Deliveries => Queued + Sent + Received;
}
