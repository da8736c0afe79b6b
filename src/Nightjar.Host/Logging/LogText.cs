using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Text;

namespace Nightjar.Host.Logging;

/// <summary>Makes the text of a log line: Mosquitto's <c>epoch: text</c>, or one JSON object.</summary>
internal static class LogText
{
    private const string OriginalFormat = "{OriginalFormat}";
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The time as log_timestamp and log_timestamp_format say, a colon, and the text.</summary>
    internal static string Plain(LogSection log, DateTimeOffset time, string text)
    {
        text = Printable(text);
        if (!log.Timestamp) return text;
        return log.TimestampFormat is null
            ? string.Create(CultureInfo.InvariantCulture, $"{time.ToUnixTimeSeconds()}: {text}")
            : $"{Printable(Strftime.Format(log.TimestampFormat, time))}: {text}";
    }

    /// <summary>time (RFC 3339, UTC), level, type, event, message, then each field of the line under its name, and exception.</summary>
    internal static string Object(DateTimeOffset time, LogLevel level, LogTypes type, EventId eventId, string message, IReadOnlyList<KeyValuePair<string, object?>>? fields, Exception? exception)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Json))
        {
            writer.WriteStartObject();
            writer.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteString("level", LevelName(level));
            writer.WriteString("type", LogTypeOf.Name(type));
            writer.WriteNumber("event", eventId.Id);
            writer.WriteString("message", message);
            foreach (var (name, value) in fields ?? [])
            {
                if (name != OriginalFormat) WriteField(writer, JsonNamingPolicy.CamelCase.ConvertName(name), value);
            }

            if (exception is not null) writer.WriteString("exception", exception.ToString());
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteField(Utf8JsonWriter writer, string name, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNull(name); break;
            case bool flag: writer.WriteBoolean(name, flag); break;
            case byte or sbyte or short or ushort or int or uint or long: writer.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case ulong number: writer.WriteNumber(name, number); break;
            case double number when double.IsFinite(number): writer.WriteNumber(name, number); break;
            default: writer.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        LogLevel.Debug => "debug",
        _ => "trace",
    };

    // A client id or topic must not be able to forge a line of its own, nor to steer a terminal: separators of lines and what turns the direction
    // of writing count with the control characters.
    private static string Printable(string text) =>
        text.Any(IsSteering) ? string.Concat(text.Select(c => c == '\n' ? ' ' : IsSteering(c) ? '?' : c)) : text;

    private static bool IsSteering(char c) => !char.IsAscii(c)
        ? char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format
        : char.IsControl(c);
}
