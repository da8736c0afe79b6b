using Nightjar.Storage.Sqlite.Interop;

namespace Nightjar.Storage.Sqlite;

/// <summary>The statements of the write path. Each may be repeated: inserts replace, deletes need not find anything.</summary>
internal sealed class RowStatements
{
    internal RowStatements(SqliteConnection connection)
    {
        InsertMessage = connection.Prepare("INSERT OR REPLACE INTO message(id, body) VALUES(?1, ?2)");
        DeleteMessage = connection.Prepare("DELETE FROM message WHERE id=?1");
        InsertDelivery = connection.Prepare("INSERT OR REPLACE INTO delivery(id, session, message, number, mark, size) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
        InsertDeliveryWithExtra = connection.Prepare("INSERT OR REPLACE INTO delivery(id, session, message, number, mark, size, extra) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        ChangeDelivery = connection.Prepare("UPDATE delivery SET mark=(mark & ~16776963) | ?2, message=?3 WHERE id=?1");
        DeleteDelivery = connection.Prepare("DELETE FROM delivery WHERE id=?1");
        Save = connection.Prepare(
            "INSERT OR REPLACE INTO session(key, since, client_id, user_name, expiry, disconnected_at, domain, address) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        Drop =
        [
            connection.Prepare("DELETE FROM session WHERE key=?1"),
            connection.Prepare("DELETE FROM subscription WHERE session=?1"),
            connection.Prepare("DELETE FROM will WHERE session=?1"),
            connection.Prepare("DELETE FROM received WHERE session=?1"),
        ];
        AddSubscription = connection.Prepare("INSERT OR REPLACE INTO subscription(session, filter, options, identifier) VALUES(?1, ?2, ?3, ?4)");
        RemoveSubscription = connection.Prepare("DELETE FROM subscription WHERE session=?1 AND filter=?2");
        SetWill = connection.Prepare("INSERT OR REPLACE INTO will(session, body, delay, expiry) VALUES(?1, ?2, ?3, ?4)");
        ClearWill = connection.Prepare("DELETE FROM will WHERE session=?1");
        AddReceivedId = connection.Prepare("INSERT OR REPLACE INTO received(session, packet) VALUES(?1, ?2)");
        RemoveReceivedId = connection.Prepare("DELETE FROM received WHERE session=?1 AND packet=?2");
        SetRetained = connection.Prepare("INSERT OR REPLACE INTO retained(topic, body) VALUES(?1, ?2)");
        ClearRetained = connection.Prepare("DELETE FROM retained WHERE topic=?1");
        ReadDelivery = connection.Prepare("SELECT message, mark, extra FROM delivery WHERE id=?1");
        ReadMessage = connection.Prepare("SELECT body FROM message WHERE id=?1");
    }

    internal SqliteStatement InsertMessage { get; }

    internal SqliteStatement DeleteMessage { get; }

    internal SqliteStatement InsertDelivery { get; }

    internal SqliteStatement InsertDeliveryWithExtra { get; }

    /// <summary>Row, the new bits of state and packet id, the message. 16776963 is the mask of these bits in <see cref="Records.DeliveryMark"/>.</summary>
    internal SqliteStatement ChangeDelivery { get; }

    internal SqliteStatement DeleteDelivery { get; }

    internal SqliteStatement Save { get; }

    internal SqliteStatement[] Drop { get; }

    internal SqliteStatement AddSubscription { get; }

    internal SqliteStatement RemoveSubscription { get; }

    internal SqliteStatement SetWill { get; }

    internal SqliteStatement ClearWill { get; }

    internal SqliteStatement AddReceivedId { get; }

    internal SqliteStatement RemoveReceivedId { get; }

    internal SqliteStatement SetRetained { get; }

    internal SqliteStatement ClearRetained { get; }

    internal SqliteStatement ReadDelivery { get; }

    internal SqliteStatement ReadMessage { get; }
}
