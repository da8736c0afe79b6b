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

    /// <summary>Whether text could be a string of MQTT as Mosquitto demands it: no surrogates alone, no control characters, no non-characters, at most 65 535 bytes.</summary>
    internal static bool IsValid(string text)
    {
        if (text.Length > MaximumLength) return false;
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var value = rune.Value;
            // A surrogate alone is read as U+FFFD; so is U+FFFD itself, which is a character like any other.
            if (value is <= 0x1F or (>= 0x7F and <= 0x9F) or (>= 0xFDD0 and <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE) return false;
            bytes += rune.Utf8SequenceLength;
        }

        return bytes <= MaximumLength && !HasLoneSurrogate(text);
    }

    /// <summary>Takes a number of JSON for a priority.</summary>
    internal static int PriorityOf(double number) => double.IsNaN(number) ? 0 : (int)Math.Clamp(number, -MaximumPriority, MaximumPriority);

    /// <summary>Whether text can be the topic of a rule.</summary>
    internal static bool IsTopic(string text)
    {
        if (text.Length == 0 || !IsValid(text)) return false;
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Protocol.TopicFilter.IsValid(utf8, MaximumLevels);
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return true;
            i++;
        }

        return false;
    }
}
