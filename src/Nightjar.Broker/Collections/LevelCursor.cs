namespace Nightjar.Broker.Collections;

/// <summary>An enumeration of the children of a trie node that may go on for long beside changes.</summary>
internal struct LevelCursor
{
    private readonly LevelNode[]? _few;
    private HashTableCursor<LevelNode> _many;
    private int _next;

    /// <summary>Enumerates an array that is not changed any more.</summary>
    public LevelCursor(LevelNode[] few) => _few = few;

    /// <summary>Enumerates a table.</summary>
    public LevelCursor(HashTable<LevelNode> many) => _many = many.GetCursor();

    /// <summary>The next child, or null at the end.</summary>
    public LevelNode? Next()
    {
        if (_few is null) return _many.Next();
        return _next < _few.Length ? _few[_next++] : null;
    }
}
