namespace Nightjar.Broker.Persistence;

/// <summary>Takes the records of a store at start and makes the broker's state of them. See <see cref="IRecoverableStore.Recover"/> for their order.</summary>
internal interface IRecoverySink
{
    /// <summary>
    /// Whether deliveries that wait to be sent are only named, by <see cref="OnQueued"/>, and read later in pages: asked by a store that can page
    /// (<see cref="IMessageStore.CanPage"/>). Messages that only such deliveries name do not come then.
    /// </summary>
    bool WantsPages => false;

    /// <summary>A message that deliveries name by its id.</summary>
    void OnMessage(in MessageRecord message);

    /// <summary>The retained message of its topic.</summary>
    void OnRetained(in MessageRecord message);

    /// <summary>A session, with the right to write it from now on.</summary>
    void OnSession(SessionClaim session, in SessionRecord record);

    /// <summary>A subscription; parameters as of <see cref="ISessionStore.AddSubscription"/>.</summary>
    void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier);

    /// <summary>The will of a session; parameters as of <see cref="ISessionStore.SetWill"/>.</summary>
    void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval);

    /// <summary>A delivery that is not over.</summary>
    /// <param name="sessionKey">The receiving session.</param>
    /// <param name="messageId">Id of its message; without meaning when the state is <see cref="DeliveryState.Received"/>.</param>
    /// <param name="delivery">What is particular to it.</param>
    /// <param name="state">How far it came.</param>
    /// <param name="packetId">The packet id it was sent with; 0 while it waits.</param>
    void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId);

    /// <summary>In place of <see cref="OnDelivery"/>, with <see cref="WantsPages"/>: a delivery that waits to be sent.</summary>
    /// <param name="sessionKey">The receiving session.</param>
    /// <param name="number">Its number; deliveries of a session come in ascending order, whatever their state.</param>
    /// <param name="size">Bytes of topic name, properties and payload.</param>
    /// <param name="isShared">Whether it belongs to a shared subscription.</param>
    void OnQueued(long sessionKey, long number, int size, bool isShared) => throw new NotSupportedException("A sink that wants no pages was given one.");

    /// <summary>The packet id of a QoS 2 message that was received and not yet released.</summary>
    void OnReceivedId(long sessionKey, ushort packetId);
}
