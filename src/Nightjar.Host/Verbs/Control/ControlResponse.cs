using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Nightjar.Host.Verbs.Control;

/// <summary>One response of a control module.</summary>
/// <param name="Command">The command it answers.</param>
/// <param name="Root">The whole object.</param>
internal sealed record ControlResponse(string Command, JsonElement Root)
{
    /// <summary>What went wrong; null when nothing did.</summary>
    internal string? Error => Text(Root, "error");

    /// <summary>The object <c>data</c>; null when there is none.</summary>
    internal JsonElement? Data => Object(Root, "data");

    /// <summary>Whether it answers this command.</summary>
    internal bool Is(string command) => Command.Equals(command, StringComparison.OrdinalIgnoreCase);

    /// <summary>A member that is an object; null otherwise.</summary>
    internal static JsonElement? Object(JsonElement? parent, string name) => Member(parent, name, JsonValueKind.Object);

    /// <summary>A member that is an array; null otherwise.</summary>
    internal static JsonElement? Array(JsonElement? parent, string name) => Member(parent, name, JsonValueKind.Array);

    /// <summary>A member that is a string, fit to be shown; null otherwise.</summary>
    internal static string? Text(JsonElement? parent, string name) => Member(parent, name, JsonValueKind.String) is { } text ? Show(text.GetString()!) : null;

    /// <summary>A member that is true or false; null otherwise.</summary>
    internal static bool? Switch(JsonElement? parent, string name) =>
        (Member(parent, name, JsonValueKind.True) ?? Member(parent, name, JsonValueKind.False))?.GetBoolean();

    /// <summary>A member that is a number, as it is written; null otherwise.</summary>
    internal static string? Number(JsonElement? parent, string name) => Member(parent, name, JsonValueKind.Number)?.GetRawText();

    /// <summary>The strings of an array, or the named member of its objects.</summary>
    internal static IEnumerable<string> Names(JsonElement array, string member) =>
        from element in array.EnumerateArray()
        let name = element.ValueKind == JsonValueKind.String ? Show(element.GetString()!) : Text(element, member)
        where name is not null
        select name;

    // What others named may not move the cursor of the administrator's terminal.
    private static string Show(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var shown = new StringBuilder();
        foreach (char c in text)
        {
            if (char.IsControl(c)) shown.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else shown.Append(c);
        }

        return shown.ToString();
    }

    private static JsonElement? Member(JsonElement? parent, string name, JsonValueKind kind) =>
        parent is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty(name, out JsonElement member) && member.ValueKind == kind ? member : null;
}
