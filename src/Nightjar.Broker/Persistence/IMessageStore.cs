using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Persistence;

/// <summary>
/// Where messages for durable sessions are kept, with their state. Every change is an ordered record and returns a ticket; what was promised
/// to a client leaves the broker only when the ticket of the promise is durable. Calls never wait and are made under the gate of the session
/// they concern, so records of one session arrive in order. A store takes no gate.
/// </summary>
/// <remarks>
/// Sessions that end with their connection are never named here: their traffic makes no call. A store that has failed (<see cref="StoreCondition"/>) goes on taking
/// records of every kind into memory, up to a bound of its own, and gives out tickets: what it has taken becomes durable, in order, when it has recovered.
/// The engine asks for the condition before it lets a client make it grow, and lets clients wait that would make a store grow which cannot keep up; what
/// comes nevertheless was on its way. Beyond the bound such writes are <see cref="Refused"/>. That something taken before is over, or moves on, is
/// taken all the same: of deliveries, packet ids, wills and sessions.
/// </remarks>
internal interface IMessageStore
{
    /// <summary>
    /// The ticket of a write that was refused, because a newer owner has claimed the session or because the store can take no more at present: it never
    /// becomes durable, so nothing is acknowledged.
    /// </summary>
    internal const long Refused = long.MaxValue;

    /// <summary>Every record with this ticket or a lower one is durable.</summary>
    long DurableTicket { get; }

    /// <summary>Sets who is told, once per commit and on the store's thread, that <see cref="DurableTicket"/> has risen.</summary>
    void OnDurable(Action<long> callback);

    /// <summary>Whether queued deliveries can be read back, so that the engine need not hold those of a session in memory.</summary>
    bool CanPage => false;

    /// <summary>
    /// Asks for deliveries of a session that are <see cref="DeliveryState.Queued"/>, in ascending number, beginning with the first above
    /// <paramref name="after"/>. Those that were completed before the call are left out; those that were appended before it are there, durable or
    /// not; what changes between the call and the read may be there or not, and the caller tells by the number.
    /// </summary>
    /// <param name="session">Whose.</param>
    /// <param name="after">Number of the last delivery the caller has; -1 for none.</param>
    /// <param name="maximumCount">Most deliveries; at least 1.</param>
    /// <param name="maximumBytes">Most bytes of topic, properties and payload together; the first delivery comes whatever its size.</param>
    /// <param name="sink">Who takes them, on a thread of the store and not inside this call. It may call the store.</param>
    /// <remarks>Only where <see cref="CanPage"/> is true.</remarks>
    void LoadPage(SessionClaim session, long after, int maximumCount, long maximumBytes, IPageSink sink) =>
        throw new NotSupportedException("A store that does not page was asked for a page.");

    /// <summary>
    /// A message was queued to, or is in flight to, a session. The message itself is appended at its first delivery, which notes its record in
    /// <see cref="PublishedMessage.StoreId"/>; when the store has let go of that record meanwhile, it is appended anew.
    /// </summary>
    long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery);

    /// <summary><see cref="Append(SessionClaim, PublishedMessage, in DeliveryRecord)"/>, with the place that calls for the same delivery may name.</summary>
    long Append(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, out StorePlace place)
    {
        place = default;
        return Append(session, message, delivery);
    }

    /// <summary>
    /// <see cref="Append(SessionClaim, PublishedMessage, in DeliveryRecord, out StorePlace)"/> and
    /// <see cref="MarkSent(SessionClaim, long, ushort, StorePlace)"/> in one, of a message that is sent at once. Refused, neither was said.
    /// </summary>
    /// <returns>The ticket of both.</returns>
    long AppendSent(SessionClaim session, PublishedMessage message, in DeliveryRecord delivery, ushort packetId, out StorePlace place)
    {
        var ticket = Append(session, message, delivery, out place);
        return ticket == Refused ? Refused : Math.Max(ticket, MarkSent(session, delivery.Number, packetId, place));
    }

    /// <summary>A delivery was sent with a packet id.</summary>
    long MarkSent(SessionClaim session, long number, ushort packetId);

    /// <inheritdoc cref="MarkSent(SessionClaim, long, ushort)"/>
    long MarkSent(SessionClaim session, long number, ushort packetId, StorePlace place) => MarkSent(session, number, packetId);

    /// <summary>PUBREC arrived for the packet id of a delivery: from here on only PUBREL is sent again, and the message is no longer needed.</summary>
    long MarkReceived(SessionClaim session, long number, ushort packetId);

    /// <inheritdoc cref="MarkReceived(SessionClaim, long, ushort)"/>
    long MarkReceived(SessionClaim session, long number, ushort packetId, StorePlace place) => MarkReceived(session, number, packetId);

    /// <summary>A delivery is over: acknowledged, expired or dropped.</summary>
    long Complete(SessionClaim session, long number);

    /// <inheritdoc cref="Complete(SessionClaim, long)"/>
    long Complete(SessionClaim session, long number, StorePlace place) => Complete(session, number);

    /// <summary>Several deliveries of a session are over.</summary>
    void Complete(SessionClaim session, ReadOnlySpan<CompletedDelivery> deliveries)
    {
        foreach (ref readonly var delivery in deliveries) Complete(session, delivery.Number, delivery.Place);
    }

    /// <summary>A QoS 2 message was received and its packet id is waiting for PUBREL.</summary>
    long AddReceivedId(SessionClaim session, ushort packetId);

    /// <summary>
    /// What this thread says until <see cref="EndGroup"/> becomes durable together, or none of it: a message that is passed on and its packet id,
    /// the end of a session and where its messages go. Groups may be nested; they are short, and take nothing that a store's call would wait for.
    /// </summary>
    void BeginGroup()
    {
    }

    /// <summary>Ends the group that this thread has begun last.</summary>
    void EndGroup()
    {
    }

    /// <summary>PUBREL arrived.</summary>
    long RemoveReceivedId(SessionClaim session, ushort packetId);
}
