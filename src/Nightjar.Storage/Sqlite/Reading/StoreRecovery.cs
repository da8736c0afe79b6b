using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Records;
using Nightjar.Storage.Sqlite.Writing;

namespace Nightjar.Storage.Sqlite.Reading;

/// <summary>Hands over what the file holds to a broker that starts. The writer's thread only; the file does not change meanwhile.</summary>
/// <remarks>With pages, the messages of queued deliveries are not read: a delivery's row says how large its message is.</remarks>
internal sealed class StoreRecovery(SqliteConnection connection, StoreIndex index, IRecoverySink sink, long epoch)
{
    private readonly TextCache _texts = new();
    private readonly bool _pages = sink.WantsPages;

    internal void Run()
    {
        Messages();
        Retained();
        Sessions();
        Subscriptions();
        Wills();
        Deliveries();
        ReceivedIds();
    }

    private void Messages()
    {
        using var rows = connection.Prepare(_pages
            ? $"SELECT id, body FROM message WHERE id IN (SELECT message FROM delivery WHERE mark & 3 = {(int)DeliveryState.Sent})"
            : "SELECT id, body FROM message ORDER BY id");
        while (rows.Step()) sink.OnMessage(MessageCodec.Read(rows.Blob(1), rows.Integer(0), _texts));
    }

    private void Retained()
    {
        using var rows = connection.Prepare("SELECT topic, body FROM retained");
        while (rows.Step()) sink.OnRetained(MessageCodec.Read(rows.Blob(1), 0, _texts, rows.Blob(0)));
    }

    private void Sessions()
    {
        using var rows = connection.Prepare("SELECT key, client_id, user_name, expiry, disconnected_at, domain, address FROM session ORDER BY key");
        while (rows.Step())
        {
            sink.OnSession(new SessionClaim(rows.Integer(0), epoch), new SessionRecord(
                RowValue.Text(rows, 1, "a client id"),
                rows.IsNull(2) ? null : _texts.Find(rows.Blob(2)),
                (uint)rows.Integer(3),
                rows.IsNull(4) ? null : rows.Integer(4),
                _texts.Find(rows.Blob(5)),
                rows.IsNull(6) ? null : AddressCodec.Read(rows.Blob(6))));
        }
    }

    private void Subscriptions()
    {
        using var rows = connection.Prepare("SELECT session, filter, options, identifier FROM subscription");
        while (rows.Step()) sink.OnSubscription(rows.Integer(0), rows.Blob(1), (byte)rows.Integer(2), (uint)rows.Integer(3));
    }

    private void Wills()
    {
        using var rows = connection.Prepare("SELECT session, body, delay, expiry FROM will");
        while (rows.Step())
            sink.OnWill(rows.Integer(0), MessageCodec.Read(rows.Blob(1), 0, _texts), (uint)rows.Integer(2), rows.IsNull(3) ? null : (uint)rows.Integer(3));
    }

    private void Deliveries()
    {
        using var rows = connection.Prepare("SELECT id, session, message, number, mark, size, extra FROM delivery ORDER BY id");
        while (rows.Step())
        {
            var session = rows.Integer(1);
            // Those of a session that was dropped are still being deleted.
            if (!index.Sessions.TryGetValue(session, out var queue) || rows.Integer(0) < queue.Since) continue;
            var mark = new DeliveryMark(rows.Integer(4));
            var number = rows.Integer(3);
            if (mark.State > DeliveryState.Received || rows.Integer(5) is < 0 or > int.MaxValue) throw new DamagedRecordException($"delivery {rows.Integer(0)} is not possible");
            if (_pages && mark.State == DeliveryState.Queued) sink.OnQueued(session, number, (int)rows.Integer(5), mark.IsShared);
            else sink.OnDelivery(session, rows.Integer(2), DeliveryExtra.Read(number, mark, rows.Blob(6)), mark.State, mark.PacketId);
        }
    }

    private void ReceivedIds()
    {
        using var rows = connection.Prepare("SELECT session, packet FROM received");
        while (rows.Step()) sink.OnReceivedId(rows.Integer(0), (ushort)rows.Integer(1));
    }
}
