using System.Text.Json;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The fields of one JSON object of a request. As Mosquitto, it takes keys without regard to case, and of equal ones the first; null counts as absent.</summary>
/// <remarks>Every method returns what is wrong, in Mosquitto's words, or null; none throws for what stands in the request.</remarks>
internal readonly struct CommandFields(JsonElement element)
{
    /// <summary>Finds a field.</summary>
    internal bool TryGet(string key, out JsonElement value)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!Is(property, key)) continue;
            value = property.Value;
            return value.ValueKind != JsonValueKind.Null;
        }

        value = default;
        return false;
    }

    /// <summary>A name that must be there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="label">What it is called in "... not valid UTF-8".</param>
    /// <param name="name">The name; empty on error.</param>
    internal string? RequiredName(string key, string label, out string name)
    {
        name = "";
        if (!TryGet(key, out var value) || value.ValueKind != JsonValueKind.String) return $"Invalid/missing {key}";
        if (TextOf(value) is not { } text || !DynamicText.IsName(text)) return $"{label} not valid UTF-8";
        name = text;
        return null;
    }

    /// <summary>A text for people, or a password.</summary>
    /// <param name="key">The key.</param>
    /// <param name="text">The text; null when there is none.</param>
    internal string? OptionalText(string key, out string? text)
    {
        text = null;
        if (!TryGet(key, out var value)) return null;
        if (value.ValueKind != JsonValueKind.String) return $"Invalid/missing {key}";
        text = TextOf(value);
        return text is null || !DynamicText.IsText(text) ? $"{key} not valid UTF-8" : null;
    }

    /// <summary>A client id.</summary>
    /// <param name="missing">What to say of another type.</param>
    /// <param name="clientId">The client id; null when there is none.</param>
    internal string? OptionalClientId(string missing, out string? clientId)
    {
        clientId = null;
        if (!TryGet("clientid", out var value)) return null;
        if (value.ValueKind != JsonValueKind.String) return missing;
        clientId = TextOf(value);
        return clientId is null || !DynamicText.IsName(clientId) ? "Client ID not valid UTF-8" : null;
    }

    /// <summary>A priority.</summary>
    /// <param name="absent">What it is when nobody says.</param>
    /// <param name="priority">The priority, brought into its range.</param>
    internal string? OptionalPriority(int absent, out int priority)
    {
        priority = absent;
        if (!TryGet("priority", out var value)) return null;
        if (value.ValueKind != JsonValueKind.Number) return "Invalid/missing priority";
        priority = DynamicText.PriorityOf(NumberOf(value));
        return null;
    }

    /// <summary>A truth value.</summary>
    internal string? OptionalBool(string key, bool absent, out bool isTrue)
    {
        isTrue = absent;
        if (!TryGet(key, out var value)) return null;
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return $"Invalid/missing {key}";
        isTrue = value.GetBoolean();
        return null;
    }

    /// <summary>A number of a listing; what is none is as absent.</summary>
    internal int Number(string key, int absent) =>
        TryGet(key, out var value) && value.ValueKind == JsonValueKind.Number ? (int)Math.Clamp(NumberOf(value), int.MinValue, int.MaxValue) : absent;

    /// <summary>A switch of a listing; what is none is as absent.</summary>
    internal bool IsTrue(string key) => TryGet(key, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>A list of names with priorities: roles of a client, clients of a group.</summary>
    /// <param name="list">The key.</param>
    /// <param name="key">The key of the name in each entry.</param>
    /// <param name="references">The entries, of equal names the first; null when the list is absent.</param>
    internal string? OptionalReferences(string list, string key, out List<(string Name, int Priority)>? references)
    {
        references = null;
        if (!TryGet(list, out var value)) return null;
        var wrong = $"'{list}' not an array or missing/invalid {key}";
        if (value.ValueKind != JsonValueKind.Array) return wrong;
        HashSet<string> names = new(StringComparer.Ordinal);
        references = [];
        foreach (var entry in value.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object) return wrong;
            var fields = new CommandFields(entry);
            if (fields.RequiredName(key, key, out var name) is not null) return wrong;
            if (fields.OptionalPriority(DynamicText.NoPriority, out var priority) is { } error) return error;
            if (names.Add(name)) references.Add((name, priority));
        }

        return null;
    }

    /// <summary>The text of a JSON string.</summary>
    /// <returns>Null when it is not UTF-8 or has half of a surrogate pair.</returns>
    internal static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static double NumberOf(JsonElement value) => value.TryGetDouble(out var number) ? number : 0;

    private static bool Is(JsonProperty property, string key)
    {
        try
        {
            return property.NameEquals(key) || property.Name.Equals(key, StringComparison.OrdinalIgnoreCase);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
