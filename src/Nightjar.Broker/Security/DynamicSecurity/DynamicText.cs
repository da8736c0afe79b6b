using System.Text;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What the strings and numbers of dynamic security may be.</summary>
internal static class DynamicText
{
    /// <summary>Priority of a role or group that nobody gave one.</summary>
    internal const int NoPriority = -1;

    /// <summary>Largest priority; the smallest is its negative.</summary>
    internal const int MaximumPriority = 100_000;

    /// <summary>Most bytes of a name: the length of an MQTT string.</summary>
    internal const int MaximumLength = 65_535;

    /// <summary>Most levels of a rule's topic: as many as a client may use.</summary>
    internal const int MaximumLevels = 200;

    /// <summary>Whether text can be a name as Mosquitto demands it: well formed, no control characters, no non-characters, at most 65 535 bytes of UTF-8.</summary>
    internal static bool IsName(string text)
    {
        if (text.Length > MaximumLength) return false;
        var bytes = 0;
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune)) return false;
            var value = rune.Value;
            if (value is <= 0x1F or (>= 0x7F and <= 0x9F) or (>= 0xFDD0 and <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE) return false;
            bytes += rune.Utf8SequenceLength;
            i += rune.Utf16SequenceLength;
        }

        return bytes <= MaximumLength;
    }

    /// <summary>Whether text can be a name or description for people: well formed, no NUL, at most 65 535 characters.</summary>
    internal static bool IsText(string text)
    {
        if (text.Length > MaximumLength) return false;
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune) || rune.Value == 0) return false;
            i += rune.Utf16SequenceLength;
        }

        return true;
    }

    /// <summary>Takes a number of JSON for a priority.</summary>
    internal static int PriorityOf(double number) => double.IsNaN(number) ? 0 : (int)Math.Clamp(number, -MaximumPriority, MaximumPriority);

    /// <summary>Whether text can be the topic of a rule.</summary>
    internal static bool IsTopic(string text)
    {
        if (text.Length == 0 || !IsName(text)) return false;
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Protocol.TopicFilter.IsValid(utf8, MaximumLevels);
    }
}
