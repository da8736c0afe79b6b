using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Walks over the keys and values of a JSON file, and notes what is not as it should be with the place where it stands.</summary>
/// <remarks>After an error it goes on behind the value, so that one reading finds all of them; the caller looks at <see cref="Errors"/> in the end.</remarks>
internal sealed class JsonFields(string path)
{
    // Beyond so many the file is something else altogether.
    private const int MaximumNotes = 100;
    private readonly List<(long At, string Text)> _warnings = [];
    private JsonException? _syntax;

    /// <summary>What is wrong, with the byte at which it stands.</summary>
    internal List<(long At, string Text)> Errors { get; } = [];

    /// <summary>A name from the file, fit to be shown: bounded and without control characters.</summary>
    internal static string Shown(string text, int longest = 200)
    {
        var shown = text.Length > longest ? string.Concat(text.AsSpan(0, longest), "...") : text;
        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? '?' : source[i];
        });
    }

    internal void Fail(long at, string text)
    {
        if (Errors.Count < MaximumNotes) Errors.Add((at, text));
    }

    internal void FailSyntax(JsonException exception)
    {
        _syntax = exception;
        Errors.Add((long.MaxValue, "it is not valid JSON"));
    }

    internal void Warn(long at, string text)
    {
        if (_warnings.Count < MaximumNotes) _warnings.Add((at, text));
    }

    internal IReadOnlyList<string> ErrorLines(ReadOnlySpan<byte> content) => Lines("Error", Errors, content);

    internal IReadOnlyList<string> WarningLines(ReadOnlySpan<byte> content) => Lines("Warning", _warnings, content);

    /// <summary>Goes to the next key of an object and stays on it.</summary>
    /// <returns>False at the object's end.</returns>
    internal static bool NextKey(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName;

    /// <summary>Whether the reader stands on this key; if so, goes to its value.</summary>
    /// <param name="json">Stands on a key.</param>
    /// <param name="name">The key.</param>
    /// <param name="seen">The keys that the object had so far, one bit each.</param>
    /// <param name="bit">The bit of this one.</param>
    internal bool Is(ref Utf8JsonReader json, ReadOnlySpan<byte> name, ref uint seen, int bit)
    {
        if (json.ValueIsEscaped || !Ascii.EqualsIgnoreCase(json.ValueSpan, name)) return false;
        if ((seen & (1u << bit)) != 0) Fail(json.TokenStartIndex, $"{Encoding.ASCII.GetString(name)} is given twice");
        seen |= 1u << bit;
        json.Read();
        return true;
    }

    /// <summary>Goes over a key that has no meaning, and its value.</summary>
    internal void SkipUnknown(ref Utf8JsonReader json)
    {
        Warn(json.TokenStartIndex, $"the key \"{Shown(Encoding.UTF8.GetString(json.ValueSpan))}\" is not known; it is left out");
        json.Read();
        json.Skip();
    }

    /// <summary>Whether the value is an object; if not, goes over it.</summary>
    internal bool IsObject(ref Utf8JsonReader json, string name) => Expect(ref json, json.TokenType == JsonTokenType.StartObject, name, "an object");

    /// <summary>Whether the value is an array; if not, goes over it.</summary>
    internal bool IsArray(ref Utf8JsonReader json, string name) => Expect(ref json, json.TokenType == JsonTokenType.StartArray, name, "an array");

    /// <summary>Goes to the next entry of an array of objects.</summary>
    /// <returns>False at the array's end.</returns>
    internal bool NextObject(ref Utf8JsonReader json, string list)
    {
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType == JsonTokenType.StartObject) return true;
            Fail(json.TokenStartIndex, $"an entry of {list} is not an object");
            json.Skip();
        }

        return false;
    }

    /// <summary>The value, which must be a string that goes by as a name: no control characters.</summary>
    /// <returns>Null when it is not; the error is noted.</returns>
    internal string? Name(ref Utf8JsonReader json, string name) => Text(ref json, name, isName: true);

    /// <summary>The value, which must be a string for people: line ends are welcome.</summary>
    /// <returns>Null when it is not; the error is noted.</returns>
    internal string? Text(ref Utf8JsonReader json, string name) => Text(ref json, name, isName: false);

    private string? Text(ref Utf8JsonReader json, string name, bool isName)
    {
        if (!Expect(ref json, json.TokenType == JsonTokenType.String, name, "a string")) return null;
        try
        {
            var text = json.GetString()!;
            if (isName ? DynamicText.IsName(text) : DynamicText.IsText(text)) return text;
        }
        catch (InvalidOperationException)
        {
            // Not UTF-8, or half of a surrogate pair.
        }

        Fail(json.TokenStartIndex, $"{name} {(isName ? "is not valid UTF-8, has a control character" : "is not valid UTF-8, has a NUL")}, or is longer than {DynamicText.MaximumLength} bytes");
        return null;
    }

    /// <summary>The value, which must be a number.</summary>
    internal double? Number(ref Utf8JsonReader json, string name) =>
        Expect(ref json, json.TokenType == JsonTokenType.Number, name, "a number") ? json.GetDouble() : null;

    /// <summary>The value, which must be true or false.</summary>
    internal bool Bool(ref Utf8JsonReader json, string name) =>
        Expect(ref json, json.TokenType is JsonTokenType.True or JsonTokenType.False, name, "true or false") && json.GetBoolean();

    private bool Expect(ref Utf8JsonReader json, bool isExpected, string name, string kind)
    {
        if (isExpected) return true;
        Fail(json.TokenStartIndex, $"{name} is not {kind}");
        json.Skip();
        return false;
    }

    private List<string> Lines(string kind, List<(long At, string Text)> notes, ReadOnlySpan<byte> content)
    {
        List<string> lines = [];
        var (line, counted) = (1, 0);
        foreach (var (at, text) in notes.OrderBy(static note => note.At))
        {
            if (at == long.MaxValue)
            {
                // The parser counts lines from 0 and adds its own to the message.
                var number = (_syntax?.LineNumber ?? 0) + 1;
                var column = (_syntax?.BytePositionInLine ?? 0) + 1;
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"{kind}: Dynamic security config \"{path}\", line {number}: {text} (at byte {column} of the line)."));
                continue;
            }

            line += content[counted..(int)at].Count((byte)'\n');
            counted = (int)at;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{kind}: Dynamic security config \"{path}\", line {line}: {text}."));
        }

        return lines;
    }
}
