using System.Globalization;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Options;

/// <summary>Checks of topics and texts given as options, with the messages that scripts know.</summary>
internal static class ToolText
{
    internal static void AddTopic(ToolOptions options, string value)
    {
        if (options.Kind == ToolKind.Sub)
        {
            options.Topics.Add(Filter(value, "-t", "subscription"));
            return;
        }

        options.Topics.Clear();
        options.Topics.Add(value.Length == 0 || IsTopicName(value)
            ? value
            : throw new UsageException($"Error: Invalid publish topic '{value}', does it contain '+' or '#'?\n"));
    }

    internal static string ResponseTopic(string value) =>
        IsTopicName(value) ? value : throw new UsageException($"Error: Invalid response topic '{value}', does it contain '+' or '#'?\n");

    internal static string WillTopic(string value) =>
        IsTopicName(value) ? value : throw new UsageException($"Error: Invalid will topic '{value}', does it contain '+' or '#'?\n");

    internal static string Filter(string value, string option, string what)
    {
        byte[] filter = Encoding.UTF8.GetBytes(value);
        if (!Utf8Text.IsValid(filter)) throw new UsageException($"Error: Malformed UTF-8 in {option} argument.\n");
        return TopicFilter.IsValid(filter, 0)
            ? value
            : throw new UsageException($"Error: Invalid {what} topic '{value}', are all '+' and '#' wildcards correct?\n");
    }

    internal static void SetSessionExpiry(ToolOptions options, string value)
    {
        options.HasSessionExpiryInterval = true;
        if (value == "∞")
        {
            options.SessionExpiryInterval = uint.MaxValue;
            return;
        }

        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds))
            throw new UsageException("Error: session-expiry-interval not a number.\n\n");
        if (seconds is < -1 or > uint.MaxValue) throw new UsageException("Error: session-expiry-interval out of range.\n\n");
        options.SessionExpiryInterval = seconds == -1 ? uint.MaxValue : seconds;
    }

    private static bool IsTopicName(string value) => TopicName.IsValid(Encoding.UTF8.GetBytes(value), 0);
}
