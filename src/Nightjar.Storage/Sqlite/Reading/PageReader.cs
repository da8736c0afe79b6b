using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Records;
using Nightjar.Storage.Sqlite.Writing;

namespace Nightjar.Storage.Sqlite.Reading;

/// <summary>Reads queued deliveries of a session back, between two transactions: two look-ups by row a delivery. The writer's thread only.</summary>
/// <param name="notice">Told of what cannot be read; the page goes on behind it, or nothing after it would ever be sent.</param>
internal sealed class PageReader(Action<string>? notice)
{
    private readonly TextCache _texts = new();

    /// <summary>Hands over a page and says that it is over, whatever happens.</summary>
    internal void Read(PageRequest page, StoreFile file, StoreIndex index)
    {
        var last = page.After;
        var isFailed = false;
        try
        {
            if (index.Sessions.TryGetValue(page.Session, out var queue)) Read(page, file, queue, ref last);
        }
        catch (IOException)
        {
            isFailed = true;
        }

        page.Sink.OnPageEnd(last, isFailed);
    }

    private void Read(PageRequest page, StoreFile file, DeliveryQueue queue, ref long last)
    {
        var count = 0;
        long bytes = 0;
        foreach (ref readonly var entry in queue.After(page.After))
        {
            if (entry.Row == 0 || entry.Message == 0) continue;
            try
            {
                if (ReadOne(page, file.Rows, entry, count, ref bytes) is not { } isHanded) return;
                if (!isHanded) continue;
                count++;
            }
            catch (DamagedRecordException error)
            {
                notice?.Invoke($"A message that waits for a client is lost, its record is damaged: {error.Message}. Look at the store with 'nightjar store check'.");
            }

            last = entry.Number;
            if (count == page.MaximumCount) return;
        }
    }

    // Whether it was one that waits; null: it does not fit into the page.
    private bool? ReadOne(PageRequest page, RowStatements rows, in QueueEntry entry, int count, ref long bytes)
    {
        var row = rows.ReadDelivery;
        row.Bind(1, entry.Row);
        try
        {
            if (!row.Step()) throw new DamagedRecordException($"delivery {entry.Row} is gone");
            var mark = new DeliveryMark(row.Integer(1));
            if (mark.State != DeliveryState.Queued) return false;
            return Hand(page, rows.ReadMessage, row.Integer(0), DeliveryExtra.Read(entry.Number, mark, row.Blob(2)), count, ref bytes) ? true : null;
        }
        finally
        {
            row.Reset();
        }
    }

    private bool Hand(PageRequest page, SqliteStatement row, long message, in DeliveryRecord delivery, int count, ref long bytes)
    {
        row.Bind(1, message);
        try
        {
            if (!row.Step()) throw new DamagedRecordException($"message {message} is gone");
            var record = MessageCodec.Read(row.Blob(0), message, _texts);
            bytes += record.TopicName.Length + record.Properties.Length + record.Payload.Length;
            if (count > 0 && bytes > page.MaximumBytes) return false;
            page.Sink.OnDelivery(record, delivery);
            return true;
        }
        finally
        {
            row.Reset();
        }
    }
}
