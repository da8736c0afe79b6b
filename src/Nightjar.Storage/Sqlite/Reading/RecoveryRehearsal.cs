using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Interop;

namespace Nightjar.Storage.Sqlite.Reading;

/// <summary>Reads everything that a start and the pages after it would read, and keeps nothing.</summary>
internal sealed class RecoveryRehearsal : IRecoverySink
{
    private RecoveryRehearsal()
    {
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">A start, or a page, would meet with damage.</exception>
    internal static void Run(SqliteConnection connection) =>
        new StoreRecovery(connection, IndexLoader.Load(connection, new ClientKeys()), new RecoveryRehearsal(), epoch: 0).Run();

    public void OnMessage(in MessageRecord message)
    {
    }

    public void OnRetained(in MessageRecord message)
    {
    }

    public void OnSession(SessionClaim session, in SessionRecord record)
    {
    }

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier)
    {
    }

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval)
    {
    }

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
    }

    public void OnReceivedId(long sessionKey, ushort packetId)
    {
    }
}
