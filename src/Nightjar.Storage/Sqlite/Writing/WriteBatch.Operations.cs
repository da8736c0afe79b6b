using System.Runtime.InteropServices;
using Nightjar.Storage.Sqlite.Log;

namespace Nightjar.Storage.Sqlite.Writing;

/// <content>Sessions, subscriptions, wills, packet ids, retained messages: kept in the order of the calls, but for those that a later one makes void.</content>
internal sealed unsafe partial class WriteBatch
{
    private void Operate(RecordHeader* record)
    {
        switch (record->Kind)
        {
            case RecordKind.Save:
                Save(record);
                return;
            case RecordKind.Drop:
                Drop(record);
                return;
            case RecordKind.SetRetained or RecordKind.ClearRetained:
                Replace(_retained, new TopicKey(RecordHeader.Extra(record), record->ExtraLength));
                break;
            case RecordKind.AddReceivedId or RecordKind.RemoveReceivedId:
                if (!_index.Sessions.ContainsKey(record->Session)) return;
                Replace(_receivedIds, (record->Session, record->PacketId));
                break;
            default:
                if (!_index.Sessions.ContainsKey(record->Session)) return;
                break;
        }

        _operations.Add(new PendingOperation { Record = record });
    }

    private void Save(RecordHeader* record)
    {
        if (!_index.Sessions.TryGetValue(record->Session, out var queue))
        {
            queue = new DeliveryQueue(record->Session, _index.LastDelivery + 1);
            _index.Sessions.Add(record->Session, queue);
        }

        Replace(_saveOfSession, record->Session);
        _operations.Add(new PendingOperation { Record = record, Since = queue.Since });
    }

    private void Drop(RecordHeader* record)
    {
        if (!_index.Sessions.Remove(record->Session, out var queue)) return;
        // What comes after is of another life of the session, and does not make void what was before.
        _saveOfSession.Remove(record->Session);
        ForgetReceivedIds(record->Session);
        _operations.Add(new PendingOperation { Record = record });
        var left = queue.After(-1);
        var rows = 0;
        foreach (ref readonly var entry in left)
        {
            if (entry.Row >= FirstDelivery) End(entry);
            else if (entry.Row != 0) rows++;
        }

        while (rows > 0)
        {
            var slice = new QueueEntry[Math.Min(rows, DroppedSlice)];
            var count = 0;
            var read = 0;
            for (; count < slice.Length; read++)
            {
                if (left[read].Row != 0 && left[read].Row < FirstDelivery) slice[count++] = left[read];
            }

            foreach (ref readonly var entry in slice.AsSpan())
            {
                if (_changeOfRow.Remove(entry.Row, out var change)) CollectionsMarshal.AsSpan(_changes)[change].IsOver = true;
            }

            _index.Dropped.Enqueue(slice);
            left = left[read..];
            rows -= count;
        }
    }

    // The later operation with a key makes the earlier one of the batch void.
    private void Replace<TKey>(Dictionary<TKey, int> places, TKey key)
        where TKey : notnull
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, key, out var exists);
        if (exists)
        {
            ref var earlier = ref CollectionsMarshal.AsSpan(_operations)[place];
            earlier.IsOver = true;
            Absorbed++;
        }

        place = _operations.Count;
    }

    private void ForgetReceivedIds(long session)
    {
        if (_receivedIds.Count == 0) return;
        foreach (var key in _receivedIds.Keys)
        {
            if (key.Session == session) _receivedIds.Remove(key);
        }
    }
}
