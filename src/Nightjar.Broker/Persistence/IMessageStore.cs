using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>
/// Where messages for durable sessions are kept, with their state. Every change is an ordered record and returns a ticket; what was promised
/// to a client leaves the broker only when the ticket of the promise is durable. Calls never wait and are made under the gate of the session
/// they concern, so records of one session arrive in order. A store takes no gate.
/// </summary>
/// <remarks>Sessions that end with their connection are never named here: their traffic makes no call.</remarks>
internal interface IMessageStore
{
    /// <summary>The ticket of a write that was refused, because a newer owner has claimed the session: it never becomes durable, so nothing is acknowledged.</summary>
    internal const long Refused = long.MaxValue;

    /// <summary>Every record with this ticket or a lower one is durable.</summary>
    long DurableTicket { get; }

    /// <summary>Sets who is told, once per commit and on the store's thread, that <see cref="DurableTicket"/> has risen.</summary>
    void OnDurable(Action<long> callback);

    /// <summary>
    /// A message was queued to, or is in flight to, a session. The message itself is appended at its first delivery, which notes its record in
    /// <see cref="PublishedMessage.StoreId"/>; when the store has let go of that record meanwhile, it is appended anew.
    /// </summary>
    long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery);

    /// <summary>A delivery was sent with a packet id.</summary>
    long MarkSent(SessionClaim session, long number, ushort packetId);

    /// <summary>PUBREC arrived for the packet id of a delivery: from here on only PUBREL is sent again, and the message is no longer needed.</summary>
    long MarkReceived(SessionClaim session, long number, ushort packetId);

    /// <summary>A delivery is over: acknowledged, expired or dropped.</summary>
    long Complete(SessionClaim session, long number);

    /// <summary>A QoS 2 message was received and its packet id is waiting for PUBREL.</summary>
    long AddReceivedId(SessionClaim session, ushort packetId);

    /// <summary>PUBREL arrived.</summary>
    long RemoveReceivedId(SessionClaim session, ushort packetId);
}
