using System.Globalization;

namespace Nightjar.Broker.Diagnostics;

/// <summary>Text of a peer in a log line: it must not be able to forge a line of its own, nor to steer a terminal.</summary>
internal static class LogText
{
    /// <summary>The text with a question mark for every control character, line or paragraph separator and change of writing direction.</summary>
    internal static string Printable(string text) =>
        text.Any(IsSteering) ? string.Concat(text.Select(static c => IsSteering(c) ? '?' : c)) : text;

    private static bool IsSteering(char c) => char.GetUnicodeCategory(c) is
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format;
}
