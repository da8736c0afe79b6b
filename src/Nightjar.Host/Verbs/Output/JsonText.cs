using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Nightjar.Host.Verbs.Output;

/// <summary>Writes JSON as the Mosquitto tools print it: nothing between tokens, or tabs and lines when pretty; bytes of strings as they are.</summary>
internal sealed class JsonText(IBufferWriter<byte> output, bool pretty)
{
    private int _depth;
    private bool _first = true;

    internal void BeginObject()
    {
        output.Write("{"u8);
        _depth++;
        _first = true;
    }

    internal void EndObject()
    {
        _depth--;
        if (pretty)
        {
            output.Write("\n"u8);
            Indent();
        }

        output.Write("}"u8);
        _first = false;
    }

    internal void Name(ReadOnlySpan<byte> name)
    {
        if (!_first) output.Write(","u8);
        _first = false;
        if (pretty)
        {
            output.Write("\n"u8);
            Indent();
        }

        Text(name);
        output.Write(pretty ? ":\t"u8 : ":"u8);
    }

    internal void Number(long value)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, text, out int length);
        output.Write(text[..length]);
    }

    /// <summary>A string; as in C it ends at its first NUL.</summary>
    internal void Text(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)0);
        if (end >= 0) value = value[..end];
        output.Write("\""u8);
        foreach (byte b in value)
        {
            switch (b)
            {
                case (byte)'"': output.Write("\\\""u8); break;
                case (byte)'\\': output.Write("\\\\"u8); break;
                case (byte)'\b': output.Write("\\b"u8); break;
                case (byte)'\f': output.Write("\\f"u8); break;
                case (byte)'\n': output.Write("\\n"u8); break;
                case (byte)'\r': output.Write("\\r"u8); break;
                case (byte)'\t': output.Write("\\t"u8); break;
                case < 0x20: output.Write(Encoding.ASCII.GetBytes($"\\u{(int)b:x4}")); break;
                default: output.Write([b]); break;
            }
        }

        output.Write("\""u8);
    }

    /// <summary>A parsed value; numbers are printed with up to 17 digits, so that 1.50 becomes 1.5. The depth is bounded by the parser.</summary>
    internal void Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                Object(element);
                break;
            case JsonValueKind.Array:
                Array(element);
                break;
            case JsonValueKind.String:
                Text(Encoding.UTF8.GetBytes(element.GetString()!));
                break;
            case JsonValueKind.Number:
                output.Write(Encoding.ASCII.GetBytes(NumberText(element.GetDouble())));
                break;
            default:
                output.Write(Encoding.ASCII.GetBytes(element.GetRawText()));
                break;
        }
    }

    private static string NumberText(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15
        ? value.ToString("F0", CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);

    private void Object(JsonElement element)
    {
        BeginObject();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            Name(Encoding.UTF8.GetBytes(property.Name));
            Value(property.Value);
        }

        EndObject();
    }

    private void Array(JsonElement element)
    {
        output.Write("["u8);
        bool first = true;
        foreach (JsonElement item in element.EnumerateArray())
        {
            if (!first) output.Write(pretty ? ", "u8 : ","u8);
            first = false;
            Value(item);
        }

        output.Write("]"u8);
    }

    private void Indent()
    {
        for (int i = 0; i < _depth; i++) output.Write("\t"u8);
    }
}
