using System.Buffers;
using System.Globalization;
using System.Text;
using Nightjar.Client;
using Nightjar.Host.Text;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Output;

/// <summary>The output format of -F: %, @ and \ sequences of mosquitto_sub.</summary>
internal sealed class MessageFormat(string format, bool pretty)
{
    private const string Specifiers = "%ACDEFIjJlmpPqrRStUxX";
    private const string Escapes = "\\0aenrtv";
    private const string EscapeValues = "\\\0\a\e\n\r\t\v";

    private readonly byte[] _format = Encoding.UTF8.GetBytes(format);

    /// <summary>Checks a format.</summary>
    /// <returns>The same format.</returns>
    /// <exception cref="UsageException">A sequence is unknown or cut off.</exception>
    internal static string Check(string format)
    {
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] == '%')
            {
                i = SkipFlags(format, i + 1);
                if (i >= format.Length) throw new UsageException("Error: Incomplete format specifier.\n");
                if (!Specifiers.Contains(format[i], StringComparison.Ordinal)) throw new UsageException($"Error: Invalid format specifier '{format[i]}'.\n");
            }
            else if (format[i] == '@' && ++i >= format.Length)
            {
                throw new UsageException("Error: Incomplete format specifier.\n");
            }
            else if (format[i] == '\\')
            {
                if (++i >= format.Length) throw new UsageException("Error: Incomplete escape specifier.\n");
                if (!Escapes.Contains(format[i], StringComparison.Ordinal)) throw new UsageException($"Error: Invalid escape specifier '{format[i]}'.\n");
            }
        }

        return format;
    }

    /// <summary>Prints one message.</summary>
    /// <returns>False when %J met a payload that is not JSON.</returns>
    internal bool Write(IBufferWriter<byte> output, MqttMessage message, DateTimeOffset time)
    {
        bool valid = true;
        for (int i = 0; i < _format.Length; i++)
        {
            byte c = _format[i];
            if (c == '%')
            {
                Field field = ReadField(ref i);
                valid &= WriteField(output, in field, message, time);
            }
            else if (c == '@')
            {
                char conversion = (char)_format[++i];
                output.Write(Encoding.UTF8.GetBytes(conversion == '@' ? "@" : Strftime.Format(conversion, time)));
            }
            else if (c == '\\')
            {
                output.Write([(byte)EscapeValues[Escapes.IndexOf((char)_format[++i], StringComparison.Ordinal)]]);
            }
            else
            {
                output.Write([c]);
            }
        }

        return valid;
    }

    private static int SkipFlags(string format, int i)
    {
        while (i < format.Length && format[i] is '0' or '-') i++;
        while (i < format.Length && char.IsAsciiDigit(format[i])) i++;
        if (i < format.Length && format[i] == '.') i++;
        while (i < format.Length && char.IsAsciiDigit(format[i])) i++;
        return i;
    }

    private static void WriteText(IBufferWriter<byte> output, in Field field, ReadOnlySpan<byte> value)
    {
        if (field.Precision >= 0 && value.Length > field.Precision) value = value[..field.Precision];
        WritePadded(output, in field, value, ' ');
    }

    private static void WriteNumber(IBufferWriter<byte> output, in Field field, long? value) =>
        WritePadded(output, in field, Encoding.ASCII.GetBytes(value?.ToString(CultureInfo.InvariantCulture) ?? ""), field.IsZeroPadded && !field.IsLeft ? '0' : ' ');

    private static void WritePadded(IBufferWriter<byte> output, in Field field, ReadOnlySpan<byte> value, char pad)
    {
        if (field.IsLeft) output.Write(value);
        for (int i = value.Length; i < field.Width; i++) output.Write([(byte)pad]);
        if (!field.IsLeft) output.Write(value);
    }

    /// <summary>A payload: a width also cuts it, and halves it in hexadecimal, as Mosquitto does.</summary>
    private static void WritePayload(IBufferWriter<byte> output, in Field field, ReadOnlySpan<byte> payload, char specifier)
    {
        if (field.Width > 0 && payload.Length > field.Width) payload = payload[..field.Width];
        if (field.Width > 0 && specifier != 'p') payload = payload[..(payload.Length / 2)];
        byte[] text = specifier switch
        {
            'x' => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(payload)),
            'X' => Encoding.ASCII.GetBytes(Convert.ToHexString(payload)),
            _ => payload.ToArray(),
        };
        WritePadded(output, in field, text, field.IsZeroPadded && !field.IsLeft ? '0' : ' ');
    }

    private Field ReadField(ref int i)
    {
        bool zero = false;
        bool left = false;
        for (i++; _format[i] is (byte)'0' or (byte)'-'; i++)
        {
            zero |= _format[i] == '0';
            left |= _format[i] == '-';
        }

        int width = ReadDigits(ref i);
        int precision = -1;
        if (_format[i] == '.')
        {
            i++;
            precision = ReadDigits(ref i);
        }

        return new Field((char)_format[i], zero, left, width, precision);
    }

    private int ReadDigits(ref int i)
    {
        int value = 0;
        for (; char.IsAsciiDigit((char)_format[i]); i++) value = Math.Min((value * 10) + _format[i] - '0', 10_000);
        return value;
    }

    private bool WriteField(IBufferWriter<byte> output, in Field field, MqttMessage message, DateTimeOffset time)
    {
        switch (field.Specifier)
        {
            case '%': output.Write("%"u8); break;
            case 'A': WriteNumber(output, in field, message.TopicAlias == 0 ? null : message.TopicAlias); break;
            case 'C': WriteText(output, in field, Encoding.UTF8.GetBytes(message.ContentType ?? "")); break;
            case 'D': output.Write((message.CorrelationData ?? default).Span); break;
            case 'E': WriteNumber(output, in field, message.MessageExpiryInterval); break;
            case 'F': WriteNumber(output, in field, message.PayloadFormatIndicator); break;
            case 'I': WriteText(output, in field, Encoding.ASCII.GetBytes(Iso(time))); break;
            case 'j': return MessageJson.TryWrite(output, message, time, parsePayload: false, pretty);
            case 'J': return MessageJson.TryWrite(output, message, time, parsePayload: true, pretty);
            case 'l': WriteNumber(output, in field, message.Payload.Length); break;
            case 'm': WriteNumber(output, in field, message.PacketId); break;
            case 'p' or 'x' or 'X': WritePayload(output, in field, message.Payload.Span, field.Specifier); break;
            case 'P': output.Write(Encoding.UTF8.GetBytes(string.Join(' ', message.UserProperties.Select(static p => $"{p.Key}:{p.Value}")))); break;
            case 'q': WriteNumber(output, default, (int)message.QoS); break;
            case 'r': WriteNumber(output, default, message.Retain ? 1 : 0); break;
            case 'R': WriteText(output, in field, Encoding.UTF8.GetBytes(message.ResponseTopic ?? "")); break;
            case 'S': WriteNumber(output, in field, message.SubscriptionIdentifiers.Count == 0 ? null : message.SubscriptionIdentifiers[0]); break;
            case 't': WriteText(output, in field, message.TopicName.Span); break;
            case 'U': output.Write(Encoding.ASCII.GetBytes($"{time.ToUnixTimeSeconds()}.{Strftime.Format('N', time)}")); break;
        }

        return true;
    }

    private static string Iso(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + Strftime.Zone(time);

    private readonly record struct Field(char Specifier, bool IsZeroPadded, bool IsLeft, int Width, int Precision);
}
