namespace Nightjar.Storage.Sqlite.Log;

/// <summary>Reads lists that were taken from a log in the order of their tickets.</summary>
/// <remarks>One thread. A merge: it stays on one list as long as that has the lowest ticket.</remarks>
internal sealed unsafe class RecordCursors(int stripes)
{
    private readonly Chunk?[] _lists = new Chunk?[stripes];
    private readonly Chunk?[] _chunks = new Chunk?[stripes];
    private readonly int[] _offsets = new int[stripes];
    private int _current = -1;
    private long _limit;

    /// <summary>The lists, to be filled before <see cref="Begin"/>.</summary>
    internal Span<Chunk?> Lists => _lists;

    /// <summary>The list the last record came from.</summary>
    internal int Current => _current;

    internal void Begin()
    {
        for (var index = 0; index < _lists.Length; index++)
        {
            _chunks[index] = _lists[index];
            _offsets[index] = 0;
        }

        _current = -1;
    }

    /// <summary>The next record; null at the end.</summary>
    internal RecordHeader* Next()
    {
        var record = _current < 0 ? null : Peek(_current);
        if (record is null || record->Ticket > _limit)
        {
            Choose();
            if (_current < 0) return null;
            record = Peek(_current);
        }

        _offsets[_current] += record->Length;
        return record;
    }

    /// <summary>Takes the lists away, to be given back to their log.</summary>
    internal void ReturnTo(RecordLog log)
    {
        for (var index = 0; index < _lists.Length; index++)
        {
            log.Return(_lists[index]);
            _lists[index] = _chunks[index] = null;
        }
    }

    private RecordHeader* Peek(int index)
    {
        var chunk = _chunks[index];
        while (chunk is not null && _offsets[index] == chunk.Used)
        {
            _chunks[index] = chunk = chunk.Next;
            _offsets[index] = 0;
        }

        return chunk is null ? null : (RecordHeader*)(chunk.Memory + _offsets[index]);
    }

    // The list with the lowest ticket, and the ticket up to which it may be read without looking at the others.
    private void Choose()
    {
        _current = -1;
        var lowest = long.MaxValue;
        _limit = long.MaxValue;
        for (var index = 0; index < _lists.Length; index++)
        {
            var record = Peek(index);
            if (record is null) continue;
            if (record->Ticket < lowest)
            {
                _limit = lowest;
                lowest = record->Ticket;
                _current = index;
            }
            else if (record->Ticket < _limit)
            {
                _limit = record->Ticket;
            }
        }
    }
}
