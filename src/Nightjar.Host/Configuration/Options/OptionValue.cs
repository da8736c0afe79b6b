using System.Globalization;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Reads single values of the configuration file as Mosquitto does.</summary>
internal static class OptionValue
{
    /// <summary>true, false, 1 or 0; null: none of them.</summary>
    internal static bool? Boolean(string text) => text switch { "true" or "1" => true, "false" or "0" => false, _ => null };

    /// <summary>strtol with base 0 on the whole text: decimal, 0x hexadecimal, 0 octal, with a sign.</summary>
    /// <param name="text">One word.</param>
    /// <param name="value">The number; beyond 64 bits the nearest.</param>
    /// <returns>False when the text is no number from beginning to end.</returns>
    internal static bool TryInteger(string text, out long value)
    {
        value = 0;
        var sign = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        var digits = text.AsSpan(sign);
        var radix = 10;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            radix = 16;
            digits = digits[2..];
        }
        else if (digits.Length > 1 && digits[0] == '0')
        {
            radix = 8;
        }

        if (digits.IsEmpty) return false;
        Int128 sum = 0;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            if (digit >= radix) return false;
            if (sum <= long.MaxValue) sum = (sum * radix) + digit;
        }

        if (text[0] == '-') sum = -sum;
        value = (long)Int128.Clamp(sum, long.MinValue, long.MaxValue);
        return true;
    }

    /// <summary>atoi(3): the digits at the beginning, 0 without any.</summary>
    internal static int LeadingInteger(string text)
    {
        var end = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        return long.TryParse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? (int)Math.Clamp(value, int.MinValue, int.MaxValue) : 0;
    }

    /// <summary>The value in the one form in which it is compared: true or false, a decimal number, words with one space between them, text as it is.</summary>
    internal static string Canonical(OptionKind kind, OptionLine line) => kind switch
    {
        OptionKind.Boolean => Boolean(line.Words[0]) == true ? "true" : "false",
        OptionKind.Integer => TryInteger(line.Words[0], out var number) ? number.ToString(CultureInfo.InvariantCulture) : line.Words[0],
        OptionKind.Choice => line.Words[0],
        OptionKind.Words => string.Join(' ', line.Words),
        _ => line.Value,
    };

    /// <summary>Whether text may stand in an MQTT string: no control characters, no surrogates, no noncharacters.</summary>
    internal static bool IsProperText(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is < 0x20 or (>= 0x7F and <= 0x9F) or (>= 0xFDD0 and <= 0xFDEF) || (rune.Value & 0xFFFE) == 0xFFFE) return false;
        }

        return true;
    }
}
