using System.Diagnostics;
using System.Runtime.InteropServices;
using Nightjar.Broker.Persistence;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>
/// What one transaction will write: the records of the log since the last one, read in their order, with everything taken out that is over already.
///
/// Absorption. A delivery that is appended, sent and acknowledged within one batch leaves nothing to write, nor does its message when no other
/// delivery needs it; changes of one delivery collapse into the last; so do retained messages of one topic, saves of one session, and a QoS 2
/// packet id that comes and goes. This is sound because a batch becomes durable as a whole: its tickets are durable when what is left
/// of it is, and what was taken out has no effect that a restart could miss. Nothing reaches across batches: whoever was told that a ticket is
/// durable was told after the rows behind it were.
///
/// Rows of messages and deliveries are numbered here, before they are written, so a row is found in the batch by subtraction, and writing
/// a batch a second time, after a failure, writes the same rows: every statement may be repeated.
///
/// A message is a row of its own for each batch (and each stripe of the log) in which deliveries of it arrive, so no table of living
/// messages is needed: the publisher's thread appends all deliveries of a message in a row, and only rarely do they fall into two batches.
/// </summary>
/// <remarks>The writer's thread only. Pointers are into the log's chunks, which are kept until <see cref="Clear"/>.</remarks>
internal sealed unsafe partial class WriteBatch
{
    /// <summary>Most deliveries of dropped sessions that one batch deletes.</summary>
    internal const int DroppedSlice = 4096;

    private readonly StoreIndex _index;
    private readonly RecordCursors _cursors;
    private readonly int[] _messageOfList;
    private readonly long[] _bodyOfList;
    private readonly List<PendingMessage> _messages = [];
    private readonly List<PendingDelivery> _deliveries = [];
    private readonly List<PendingChange> _changes = [];
    private readonly List<PendingOperation> _operations = [];
    private readonly List<long> _deletedMessages = [];
    private readonly List<long> _deletedDeliveries = [];
    private readonly Dictionary<long, int> _changeOfRow = [];
    private readonly Dictionary<long, int> _saveOfSession = [];
    private readonly Dictionary<(long Session, ushort PacketId), int> _receivedIds = [];
    private readonly Dictionary<TopicKey, int> _retained = [];
    private long _recentFirst;
    private long _nextRecentFirst;
    private long _recentSince;
    private int _voided;

    internal WriteBatch(StoreIndex index, int stripes)
    {
        _index = index;
        _cursors = new RecordCursors(stripes);
        _messageOfList = new int[stripes];
        _bodyOfList = new long[stripes];
        _recentFirst = _nextRecentFirst = index.LastDelivery + 1;
    }

    /// <summary>Takes the lists of records that <see cref="Read(RecordLog)"/> will read.</summary>
    internal Span<Chunk?> Lists => _cursors.Lists;

    /// <summary>Row of the first delivery.</summary>
    internal long FirstDelivery { get; private set; }

    /// <summary>Row of the first message.</summary>
    internal long FirstMessage { get; private set; }

    internal ReadOnlySpan<PendingMessage> Messages => CollectionsMarshal.AsSpan(_messages);

    internal ReadOnlySpan<PendingDelivery> Deliveries => CollectionsMarshal.AsSpan(_deliveries);

    internal ReadOnlySpan<PendingChange> Changes => CollectionsMarshal.AsSpan(_changes);

    internal ReadOnlySpan<PendingOperation> Operations => CollectionsMarshal.AsSpan(_operations);

    internal ReadOnlySpan<long> DeletedMessages => CollectionsMarshal.AsSpan(_deletedMessages);

    internal ReadOnlySpan<long> DeletedDeliveries => CollectionsMarshal.AsSpan(_deletedDeliveries);

    /// <summary>Records read.</summary>
    internal long Records { get; private set; }

    /// <summary>Rows that need not be written.</summary>
    internal long Absorbed { get; private set; }

    /// <summary>Time within which a delivery that is over counts as <see cref="Missed"/>; up to twice of it.</summary>
    internal TimeSpan Recent { get; set; }

    /// <summary>Deliveries that were over soon after they were written: what a longer wait would have absorbed.</summary>
    internal int Missed { get; private set; }

    /// <summary>Deliveries that came and went.</summary>
    internal int AbsorbedDeliveries { get; private set; }

    /// <summary>Deliveries that came, those that went included.</summary>
    internal int NewDeliveries => _deliveries.Count + _voided;

    /// <summary>Whether there is anything to write.</summary>
    internal bool IsEmpty { get; private set; }

    /// <summary>Reads what was put into <see cref="Lists"/>.</summary>
    internal void Read(RecordLog log)
    {
        FirstDelivery = _index.LastDelivery + 1;
        FirstMessage = _index.LastMessage + 1;
        _messageOfList.AsSpan().Fill(-1);
        KeepRecent();
        _cursors.Begin();
        for (var record = _cursors.Next(); record is not null; record = _cursors.Next())
        {
            Records++;
            Read(record);
        }

        DeleteDropped();
        ShareMessages();
        log.CountClosed(_voided);
        IsEmpty = _operations.Count == 0 && _changes.Count == 0 && _deletedDeliveries.Count == 0
            && AbsorbedDeliveries - _voided == _deliveries.Count && _deletedMessages.Count == 0;
    }

    /// <summary>Forgets everything; the chunks go back to the log.</summary>
    internal void Clear(RecordLog log)
    {
        _messages.Clear();
        _deliveries.Clear();
        _changes.Clear();
        _operations.Clear();
        _deletedMessages.Clear();
        _deletedDeliveries.Clear();
        _changeOfRow.Clear();
        _saveOfSession.Clear();
        _receivedIds.Clear();
        _retained.Clear();
        _cursors.ReturnTo(log);
        Records = Absorbed = _voided = 0;
        Missed = AbsorbedDeliveries = 0;
    }

    private void KeepRecent()
    {
        if (Stopwatch.GetElapsedTime(_recentSince) < Recent) return;
        _recentSince = Stopwatch.GetTimestamp();
        _recentFirst = _nextRecentFirst;
        _nextRecentFirst = FirstDelivery;
    }

    private void Read(RecordHeader* record)
    {
        switch (record->Kind)
        {
            case RecordKind.Append:
                Append(record);
                break;
            case RecordKind.MarkSent:
                Mark(record, DeliveryState.Sent);
                break;
            case RecordKind.MarkReceived:
                Mark(record, DeliveryState.Received);
                break;
            case RecordKind.Complete:
                Complete(record);
                break;
            default:
                Operate(record);
                break;
        }
    }

    private void Append(RecordHeader* record)
    {
        var list = _cursors.Current;
        if (record->BodyLength > 0)
        {
            _messageOfList[list] = -1;
            _bodyOfList[list] = (long)record;
        }

        if (record->Flags == RecordHeader.Over)
        {
            _voided++;
            AbsorbedDeliveries++;
            Absorbed += record->BodyLength > 0 ? 2 : 1;
            return;
        }

        var message = MessageOf(list, isOwn: record->BodyLength > 0);
        if (!_index.Sessions.TryGetValue(record->Session, out var queue)) return;
        if (!queue.TryAdd(record->Number, _index.LastDelivery + 1, FirstMessage + message)) return;
        _index.LastDelivery++;
        CollectionsMarshal.AsSpan(_messages)[message].Deliveries++;
        _deliveries.Add(new PendingDelivery
        {
            Session = record->Session,
            Number = record->Number,
            Mark = new DeliveryMark(record->Value),
            Extra = RecordHeader.Extra(record),
            ExtraLength = record->ExtraLength,
            Size = record->Size,
            Message = message,
        });
        if (new DeliveryMark(record->Value).State == DeliveryState.Received) LetGo(queue, record->Number);
    }

    // PUBREC came before anything was written: the delivery remains, without its message.
    private void LetGo(DeliveryQueue queue, long number)
    {
        LetGo(ref CollectionsMarshal.AsSpan(_deliveries)[^1]);
        queue.Find(number, out _).Message = 0;
    }

    // A message gets its row when a delivery is met that needs it.
    private int MessageOf(int list, bool isOwn)
    {
        var message = _messageOfList[list];
        if (message >= 0) return message;
        var record = (RecordHeader*)_bodyOfList[list];
        if (!isOwn) Absorbed--;
        _messageOfList[list] = message = _messages.Count;
        _messages.Add(new PendingMessage { Body = RecordHeader.Body(record), Length = record->BodyLength });
        _index.LastMessage++;
        return message;
    }

    private void Mark(RecordHeader* record, DeliveryState state)
    {
        if (!_index.Sessions.TryGetValue(record->Session, out var queue)) return;
        ref var entry = ref queue.Find(record->Number, out var found);
        if (!found) return;
        if (entry.Row >= FirstDelivery)
        {
            ref var delivery = ref CollectionsMarshal.AsSpan(_deliveries)[(int)(entry.Row - FirstDelivery)];
            delivery.Mark = delivery.Mark.With(state, record->PacketId);
            if (state != DeliveryState.Received) return;
            LetGo(ref delivery);
            entry.Message = 0;
        }
        else
        {
            if (state == DeliveryState.Received)
            {
                Release(entry.Message);
                entry.Message = 0;
            }

            ref var change = ref ChangeOf(entry);
            change.State = state;
            change.PacketId = record->PacketId;
        }
    }

    private void Complete(RecordHeader* record)
    {
        if (!_index.Sessions.TryGetValue(record->Session, out var queue)) return;
        ref var entry = ref queue.Find(record->Number, out var found);
        if (!found) return;
        End(entry);
        queue.Remove(ref entry);
    }

    // A delivery is over: it was never there when it is of this batch, else its row goes, and its message if no other needs it.
    private void End(in QueueEntry entry)
    {
        if (entry.Row >= FirstDelivery)
        {
            ref var delivery = ref CollectionsMarshal.AsSpan(_deliveries)[(int)(entry.Row - FirstDelivery)];
            delivery.IsOver = true;
            LetGo(ref delivery);
            AbsorbedDeliveries++;
            Absorbed++;
            return;
        }

        if (entry.Row >= _recentFirst) Missed++;
        if (_changeOfRow.Remove(entry.Row, out var change)) CollectionsMarshal.AsSpan(_changes)[change].IsOver = true;
        _deletedDeliveries.Add(entry.Row);
        Release(entry.Message);
    }

    private void Release(long message)
    {
        if (message != 0 && _index.Release(message)) _deletedMessages.Add(message);
    }

    private void LetGo(ref PendingDelivery delivery)
    {
        if (delivery.Message < 0) return;
        if (--CollectionsMarshal.AsSpan(_messages)[delivery.Message].Deliveries == 0) Absorbed++;
        delivery.Message = -1;
    }

    private ref PendingChange ChangeOf(in QueueEntry entry)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_changeOfRow, entry.Row, out var exists);
        if (!exists)
        {
            place = _changes.Count;
            _changes.Add(new PendingChange { Row = entry.Row });
        }

        ref var change = ref CollectionsMarshal.AsSpan(_changes)[place];
        change.Message = entry.Message;
        return ref change;
    }

    // What a dropped session had is deleted in slices, so that a long queue does not hold up a commit.
    private void DeleteDropped()
    {
        var left = DroppedSlice;
        while (_index.Dropped.TryPeek(out var dropped) && dropped.Length <= left)
        {
            foreach (ref readonly var entry in dropped.AsSpan())
            {
                _deletedDeliveries.Add(entry.Row);
                Release(entry.Message);
            }

            left -= dropped.Length;
            _index.Dropped.Dequeue();
        }
    }

    private void ShareMessages()
    {
        for (var index = 0; index < _messages.Count; index++)
        {
            if (_messages[index].Deliveries > 1) _index.Share(FirstMessage + index, _messages[index].Deliveries);
        }
    }
}
