using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary>The form of a request and its answer: commands in, as many responses out, in order, with what the sender put in to tell them apart.</summary>
internal static class ControlEnvelope
{
    /// <summary>Longest answer, in bytes, but for the last command's: many small questions do not make an answer without bounds.</summary>
    internal const int MaximumAnswerBytes = 1 << 20;

    // Text is not put into a page: what is valid JSON stays as it is.
    private static readonly JsonWriterOptions s_writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers a request.</summary>
    /// <param name="payload">The request: <c>{"commands":[{"command":NAME, "correlationData":TEXT}]}</c>.</param>
    /// <param name="find">What writes the members of <c>data</c> for a command; null: there is no such command.</param>
    /// <returns>The answer, in Mosquitto's words where something is wrong.</returns>
    internal static byte[] Answer(ReadOnlyMemory<byte> payload, Func<string, Action<Utf8JsonWriter>?> find)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, s_writing);
        json.WriteStartObject();
        json.WriteStartArray("responses");
        AnswerAll(json, payload, find);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void AnswerAll(Utf8JsonWriter json, ReadOnlyMemory<byte> payload, Func<string, Action<Utf8JsonWriter>?> find)
    {
        JsonDocument request;
        try
        {
            request = JsonDocument.Parse(payload);
        }
        catch (JsonException)
        {
            WriteError(json, "Unknown command", "Payload not valid JSON", null);
            return;
        }

        using (request)
        {
            if (request.RootElement.ValueKind != JsonValueKind.Object || !new CommandFields(request.RootElement).TryGet("commands", out var commands) || commands.ValueKind != JsonValueKind.Array)
            {
                WriteError(json, "Unknown command", "Invalid/missing commands", null);
                return;
            }

            foreach (var command in commands.EnumerateArray())
            {
                if (json.BytesCommitted + json.BytesPending > MaximumAnswerBytes)
                {
                    WriteError(json, "Unknown command", "Response too large; send fewer commands", null);
                    return;
                }

                AnswerOne(json, command, find);
            }
        }
    }

    private static void AnswerOne(Utf8JsonWriter json, JsonElement command, Func<string, Action<Utf8JsonWriter>?> find)
    {
        if (command.ValueKind != JsonValueKind.Object)
        {
            WriteError(json, "Unknown command", "Command not an object", null);
            return;
        }

        var fields = new CommandFields(command);
        if (!fields.TryGet("command", out var nameValue) || TextOf(nameValue) is not { } name)
        {
            WriteError(json, "Unknown command", "Missing command", null);
            return;
        }

        string? correlation = null;
        if (fields.TryGet("correlationData", out var correlationValue) && (correlation = TextOf(correlationValue)) is null)
        {
            WriteError(json, name, "Invalid correlationData data type.", null);
            return;
        }

        if (find(name) is not { } write)
        {
            WriteError(json, name, "Unknown command", correlation);
            return;
        }

        json.WriteStartObject();
        json.WriteString("command", name);
        json.WriteStartObject("data");
        write(json);
        json.WriteEndObject();
        if (correlation is not null) json.WriteString("correlationData", correlation);
        json.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter json, string command, string error, string? correlation)
    {
        json.WriteStartObject();
        json.WriteString("command", command);
        json.WriteString("error", error);
        if (correlation is not null) json.WriteString("correlationData", correlation);
        json.WriteEndObject();
    }

    // Null for what is no string, or none of valid UTF-16.
    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? CommandFields.TextOf(value) : null;
}
