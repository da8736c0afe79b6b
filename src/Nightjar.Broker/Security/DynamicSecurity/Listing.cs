using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The answer of <c>listClients</c>, <c>listGroups</c> and <c>listRoles</c>.</summary>
internal static class Listing
{
    /// <summary>Writes one.</summary>
    /// <param name="context">The command.</param>
    /// <param name="command">Its name.</param>
    /// <param name="list">The key of the list.</param>
    /// <param name="entries">What to list.</param>
    /// <param name="write">Writes the object of an entry, for <c>verbose</c>.</param>
    internal static string? Write<T>(CommandContext context, string command, ReadOnlySpan<byte> list, ImmutableSortedDictionary<string, T> entries, Action<CJsonWriter, T> write)
    {
        var isVerbose = context.Fields.IsTrue("verbose");
        var count = context.Fields.Number("count", -1);
        var offset = context.Fields.Number("offset", 0);
        var json = context.Json;
        json.BeginObject("data"u8);
        json.Number("totalCount"u8, entries.Count);
        json.BeginArray(list);
        var left = count;
        var place = 0;
        foreach (var (name, entry) in entries)
        {
            if (place++ < offset) continue;
            if (isVerbose) write(json, entry);
            else json.Item(name);
            // Mosquitto counts behind the entry: 0 gives one, and less gives all.
            if (left >= 0 && --left <= 0) break;
        }

        json.EndArray();
        json.EndObject();
        context.Audit($"{command} | verbose={(isVerbose ? "true" : "false")} | count={count} | offset={offset}");
        return null;
    }
}
