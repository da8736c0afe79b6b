using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>
/// The deliveries of one session that are not over, by number: what the file has no index for. An array in the order of the numbers, which is
/// the order of arrival, so that adding is appending; a delivery that is over leaves a gap, and gaps go when they are at the front or are the
/// greater part. Numbers mostly follow each other without a hole, so a look-up is a subtraction, and a binary search otherwise.
/// </summary>
/// <remarks>24 bytes a delivery, at most 48 while the array has just grown. The writer's thread only.</remarks>
internal sealed class DeliveryQueue
{
    private const int LeastCapacity = 4;
    private const int KeptCapacity = 64;
    private QueueEntry[] _entries = [];
    private int _head;
    private int _tail;

    internal DeliveryQueue(long session, long since)
    {
        Session = session;
        Since = since;
    }

    internal long Session { get; }

    /// <summary>First delivery row of this life of the session: rows of an earlier one under the same key do not count.</summary>
    internal long Since { get; }

    /// <summary>Deliveries that are not over.</summary>
    internal int Count { get; private set; }

    /// <summary>Adds a delivery. One that is not in order finds its place.</summary>
    /// <returns>False when the number is there already.</returns>
    internal bool TryAdd(long number, long row, long message)
    {
        if (_tail == _entries.Length) MakeRoom();
        var place = _tail;
        if (place > _head && _entries[place - 1].Number >= number)
        {
            place = Search(number);
            if (_entries[place].Number == number)
            {
                if (_entries[place].Row != 0) return false;
                _entries[place] = new QueueEntry { Number = number, Row = row, Message = message };
                Count++;
                return true;
            }

            Array.Copy(_entries, place, _entries, place + 1, _tail - place);
        }

        _entries[place] = new QueueEntry { Number = number, Row = row, Message = message };
        _tail++;
        Count++;
        return true;
    }

    /// <summary>Finds a delivery that is not over.</summary>
    internal ref QueueEntry Find(long number, out bool found)
    {
        if (Count > 0)
        {
            var place = number - _entries[_head].Number;
            if ((ulong)place < (ulong)(_tail - _head) && _entries[_head + place].Number == number) place += _head;
            else place = Search(number);
            if (place < _tail && _entries[place].Number == number && _entries[place].Row != 0)
            {
                found = true;
                return ref _entries[place];
            }
        }

        found = false;
        return ref MemoryMarshal.GetArrayDataReference(_entries);
    }

    /// <summary>Takes out a delivery that was found.</summary>
    internal void Remove(ref QueueEntry entry)
    {
        Debug.Assert(entry.Row != 0, "A delivery was taken out twice.");
        entry.Row = 0;
        Count--;
        if (Count == 0)
        {
            _head = _tail = 0;
            if (_entries.Length > KeptCapacity) _entries = [];
            return;
        }

        while (_entries[_head].Row == 0) _head++;
    }

    /// <summary>Deliveries above a number, ascending. Some of them may be over: those have no row.</summary>
    internal ReadOnlySpan<QueueEntry> After(long number)
    {
        if (Count == 0) return default;
        var place = number == long.MaxValue ? _tail : Search(number + 1);
        return _entries.AsSpan(place, _tail - place);
    }

    // The first at or above the number.
    private int Search(long number)
    {
        var (low, high) = (_head, _tail);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_entries[middle].Number < number) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private void MakeRoom()
    {
        var entries = _entries;
        if (Count > _entries.Length / 2) entries = new QueueEntry[_entries.Length * 2];
        else if (_entries.Length == 0) entries = new QueueEntry[LeastCapacity];
        var count = 0;
        for (var place = _head; place < _tail; place++)
        {
            if (_entries[place].Row != 0) entries[count++] = _entries[place];
        }

        _entries = entries;
        _head = 0;
        _tail = count;
    }
}
