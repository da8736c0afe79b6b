namespace Nightjar.Broker.Collections;

/// <summary>Items in the order in which they were added, appended in place and removed by leaving a hole.</summary>
/// <remarks>One writer at a time, readers without locks: a reader takes <see cref="Count"/> once and then reads so many of
/// <see cref="Items"/>. Nothing moves within a list, and a place is not used twice, so that an item that leaves and comes back beside a
/// reader is not met twice; when the array is full or half holes, a new list takes over. Add and remove are O(1) amortised.</remarks>
internal sealed class PlacedList<T>
    where T : class, IPlaced
{
    private const int MinimumCapacity = 8;
    private const int CompactFrom = 16;

    private volatile int _count;

    private PlacedList(int capacity) => Items = new T?[capacity];

    /// <summary>The items; null is a hole.</summary>
    public T?[] Items { get; }

    /// <summary>Places used, holes included. Read it before <see cref="Items"/>.</summary>
    public int Count => _count;

    /// <summary>Makes a list.</summary>
    /// <param name="items">Its items, in order.</param>
    public static PlacedList<T> Of(ReadOnlySpan<T> items)
    {
        PlacedList<T> list = new(Math.Max(MinimumCapacity, items.Length * 2));
        foreach (var item in items) list.Put(item);
        return list;
    }

    /// <summary>Appends an item.</summary>
    /// <param name="live">Items in the list, holes not counted.</param>
    /// <returns>The list to publish: this one, or a larger one.</returns>
    public PlacedList<T> Append(T item, int live)
    {
        var list = _count < Items.Length ? this : Compact(live * 2);
        list.Put(item);
        return list;
    }

    /// <summary>Puts an item in the place of another.</summary>
    public void Replace(T item, T replacement)
    {
        replacement.Place = item.Place;
        Volatile.Write(ref Items[item.Place], replacement);
    }

    /// <summary>Removes an item.</summary>
    /// <param name="live">Items that stay.</param>
    /// <returns>The list to publish: this one, or one without holes.</returns>
    public PlacedList<T> Remove(T item, int live)
    {
        Volatile.Write(ref Items[item.Place], null);
        return _count > CompactFrom && live < _count / 2 ? Compact(live + (live / 2)) : this;
    }

    private PlacedList<T> Compact(int capacity)
    {
        PlacedList<T> list = new(Math.Max(MinimumCapacity, capacity));
        foreach (var item in Items)
        {
            if (item is not null) list.Put(item);
        }

        return list;
    }

    private void Put(T item)
    {
        item.Place = _count;
        Volatile.Write(ref Items[_count], item);
        _count++;
    }
}
