using System.Runtime.InteropServices;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Records;
using Nightjar.Storage.Sqlite.Writing;

namespace Nightjar.Storage.Sqlite.Reading;

/// <summary>Makes the writer's index of the file at start: one scan over the deliveries, in the order of their rows, which is that of their numbers in each session.</summary>
internal static class IndexLoader
{
    /// <summary>Reads the index.</summary>
    /// <param name="connection">The file.</param>
    /// <param name="keys">Takes the keys of the sessions.</param>
    internal static StoreIndex Load(SqliteConnection connection, ClientKeys keys)
    {
        var index = new StoreIndex();
        var since = LoadSessions(connection, index, keys);
        var dropped = new List<QueueEntry>();
        var messages = new List<long>();
        using (var rows = connection.Prepare("SELECT id, session, message, number FROM delivery ORDER BY id"))
        {
            while (rows.Step())
            {
                var entry = new QueueEntry
                {
                    Row = RowValue.Number(rows, 0, "delivery"),
                    Message = RowValue.Number(rows, 2, "message"),
                    Number = RowValue.Number(rows, 3, "delivery number"),
                };
                index.LastDelivery = entry.Row;
                if (entry.Message != 0) messages.Add(entry.Message);
                if (index.Sessions.TryGetValue(rows.Integer(1), out var queue) && entry.Row >= queue.Since && queue.TryAdd(entry.Number, entry.Row, entry.Message)) continue;
                dropped.Add(entry);
            }
        }

        index.LastDelivery = Math.Max(index.LastDelivery, since - 1);
        CountShared(index, messages);
        using var last = connection.Prepare("SELECT max(id) FROM message");
        last.Step();
        index.LastMessage = Math.Max(RowValue.Number(last, 0, "message"), messages.Count == 0 ? 0 : messages[^1]);
        foreach (var slice in CollectionsMarshal.AsSpan(dropped).ToArray().Chunk(WriteBatch.DroppedSlice)) index.Dropped.Enqueue(slice);
        return index;
    }

    private static long LoadSessions(SqliteConnection connection, StoreIndex index, ClientKeys keys)
    {
        var newest = 0L;
        using var rows = connection.Prepare("SELECT key, since, client_id FROM session ORDER BY key");
        while (rows.Step())
        {
            var (key, since) = (RowValue.Number(rows, 0, "session"), RowValue.Number(rows, 1, "delivery"));
            index.Sessions.Add(key, new DeliveryQueue(key, since));
            keys.Add(RowValue.Text(rows, 2, $"the client id of session {key}"), key);
            newest = Math.Max(newest, since);
        }

        return newest;
    }

    // Leaves the ids sorted.
    private static void CountShared(StoreIndex index, List<long> messages)
    {
        messages.Sort();
        for (var first = 0; first < messages.Count;)
        {
            var next = first + 1;
            while (next < messages.Count && messages[next] == messages[first]) next++;
            if (next - first > 1) index.Share(messages[first], next - first);
            first = next;
        }
    }
}
