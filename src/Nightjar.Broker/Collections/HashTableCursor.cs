namespace Nightjar.Broker.Collections;

/// <summary>An enumeration of a <see cref="HashTable{T}"/> that may go on for long beside changes.</summary>
/// <remarks>The position is a bound on hashes, not an index: the cursor reads one segment to its end, even when the table has replaced it
/// meanwhile, and then asks for the segment of the next hash. Splits keep that boundary; after a join the items already seen are left out
/// by their hashes.</remarks>
internal struct HashTableCursor<T>
    where T : class
{
    private readonly HashTable<T> _table;
    private HashSegment<T>? _segment;
    private int _slot;
    private ulong _from;
    private ulong _to;

    internal HashTableCursor(HashTable<T> table) => _table = table;

    /// <summary>Gives the next item.</summary>
    /// <returns>The item, or null at the end.</returns>
    /// <remarks>Does not allocate. Amortised O(1).</remarks>
    public T? Next()
    {
        while (true)
        {
            if (_segment is null)
            {
                if (_to > uint.MaxValue) return null;
                _from = _to;
                _segment = _table.SegmentOf((uint)_from);
                var size = 1UL << (32 - _segment.Depth);
                _to = (_from & ~(size - 1)) + size;
                _slot = 0;
            }

            while (_slot < _segment.Capacity)
            {
                if (_segment.ItemAt(_slot++, out var hash) is { } item && hash >= _from) return item;
            }

            _segment = null;
        }
    }
}
