using System.Globalization;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Text;

namespace Nightjar.Host.Logging;

/// <summary>Makes the text of a log line, Mosquitto's <c>epoch: text</c>.</summary>
internal static class LogText
{
    /// <summary>The time as log_timestamp and log_timestamp_format say, a colon, and the text.</summary>
    internal static string Plain(LogSection log, DateTimeOffset time, string text)
    {
        text = Printable(text);
        if (!log.Timestamp) return text;
        return log.TimestampFormat is null
            ? string.Create(CultureInfo.InvariantCulture, $"{time.ToUnixTimeSeconds()}: {text}")
            : $"{Printable(Strftime.Format(log.TimestampFormat, time))}: {text}";
    }

    // A client id or topic must not be able to forge a line of its own, nor to steer a terminal: separators of lines and what turns the direction
    // of writing count with the control characters.
    private static string Printable(string text) =>
        text.Any(IsSteering) ? string.Concat(text.Select(c => c == '\n' ? ' ' : IsSteering(c) ? '?' : c)) : text;

    private static bool IsSteering(char c) => !char.IsAscii(c)
        ? char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format
        : char.IsControl(c);
}
