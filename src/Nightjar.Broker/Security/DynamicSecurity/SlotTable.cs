using System.Collections.Concurrent;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>A number for each name of a role or group that was ever seen, so that what refers to it need not change when it does.</summary>
/// <remarks>Numbers are given out by one thread at a time, and read by any.</remarks>
internal sealed class SlotTable
{
    private readonly ConcurrentDictionary<string, int> _slots = new(StringComparer.Ordinal);

    /// <summary>Numbers given out.</summary>
    internal int Count => _slots.Count;

    /// <summary>The number of a name, a new one if it has none.</summary>
    internal int Take(string name) => _slots.TryGetValue(name, out var slot) ? slot : _slots[name] = _slots.Count;

    /// <summary>The number of a name; -1 for none.</summary>
    internal int Find(string name) => _slots.TryGetValue(name, out var slot) ? slot : -1;

    /// <summary>The numbers of names, in their order; names that have none are left out.</summary>
    internal int[] FindAll(IEnumerable<string> names) => [.. names.Select(Find).Where(slot => slot >= 0)];
}
