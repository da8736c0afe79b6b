using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite.Log;

/// <summary>One list of chunks that some threads append to. Everything under <see cref="Gate"/>.</summary>
internal sealed unsafe class LogStripe
{
    private const int Alignment = 8;
    private readonly RecordLog _log;
    private Chunk? _first;
    private Chunk? _last;

    internal LogStripe(RecordLog log) => _log = log;

    internal Lock Gate { get; } = new();

    /// <summary>Groups of records that threads of this stripe have begun and not ended: changed without the gate.</summary>
    internal int Groups;

    /// <summary>Records of the log that have become void in it, by whomever; since the log was made.</summary>
    internal long Voided;

    /// <summary>The publisher of the message that was encoded last.</summary>
    internal PublisherBytes Publisher { get; } = new();

    /// <summary>Ticket of the record that holds the newest message of this list, 0 for none: deliveries that follow name it without its bytes.</summary>
    internal long Message { get; set; }

    /// <summary>Makes room for a record and gives it its ticket.</summary>
    /// <param name="tail">Bytes after the header.</param>
    /// <param name="beyondLimit">Whether a full log takes it: there are never more such records than what was taken before gives cause for.</param>
    /// <returns>The header with length and ticket set and the rest zero; null when the log is full.</returns>
    internal RecordHeader* TryAdd(int tail, bool beyondLimit = false)
    {
        var length = (sizeof(RecordHeader) + tail + Alignment - 1) & -Alignment;
        var chunk = _last;
        if (chunk is null || chunk.Capacity - chunk.Used < length)
        {
            chunk = _log.TryRent(length, beyondLimit);
            if (chunk is null) return null;
            if (_last is null) _first = chunk;
            else _last.Next = chunk;
            _last = chunk;
        }

        var header = (RecordHeader*)(chunk.Memory + chunk.Used);
        *header = new RecordHeader { Length = length, Ticket = _log.NextTicket() };
        chunk.Used += length;
        return header;
    }

    /// <summary>Takes everything away.</summary>
    internal Chunk? Take()
    {
        var first = _first;
        _first = _last = null;
        Message = 0;
        return first;
    }
}
