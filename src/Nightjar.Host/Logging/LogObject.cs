using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>Makes a log line that is one JSON object.</summary>
/// <remarks>Apart from <see cref="LogText"/>, so that who logs text never loads what writes JSON: nearly a megabyte.</remarks>
internal static class LogObject
{
    private const string OriginalFormat = "{OriginalFormat}";

    // Not a field: a field of this type would load its assembly with this class.
    private static JsonWriterOptions Json => new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>time (RFC 3339, UTC), level, type, event, message, then each field of the line under its name, and exception.</summary>
    internal static string Line(DateTimeOffset time, LogLevel level, LogTypes type, EventId eventId, string message, IReadOnlyList<KeyValuePair<string, object?>>? fields, Exception? exception)
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
}
