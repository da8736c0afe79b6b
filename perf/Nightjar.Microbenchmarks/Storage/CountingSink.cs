using Nightjar.Broker.Persistence;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>Counts what a store hands over.</summary>
internal sealed class CountingSink(bool pages) : IRecoverySink
{
    public bool WantsPages => pages;

    internal long Records { get; private set; }

    public void OnMessage(in MessageRecord message) => Records++;

    public void OnRetained(in MessageRecord message) => Records++;

    public void OnSession(SessionClaim session, in SessionRecord record) => Records++;

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier) => Records++;

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval) => Records++;

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId) => Records++;

    public void OnQueued(long sessionKey, long number, int size, bool isShared) => Records++;

    public void OnReceivedId(long sessionKey, ushort packetId) => Records++;
}
