using System.Globalization;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Options;

/// <summary>The properties given by -D, one set for each command.</summary>
internal sealed class ToolProperties
{
    private static readonly Dictionary<string, PropertyRule> s_rules = new(StringComparer.Ordinal)
    {
        ["payload-format-indicator"] = new(PropertyId.PayloadFormatIndicator, "publish will", byte.MaxValue),
        ["message-expiry-interval"] = new(PropertyId.MessageExpiryInterval, "publish will", uint.MaxValue),
        ["content-type"] = new(PropertyId.ContentType, "publish will", 0),
        ["response-topic"] = new(PropertyId.ResponseTopic, "publish will", 0),
        ["correlation-data"] = new(PropertyId.CorrelationData, "publish will", 0),
        ["subscription-identifier"] = new(PropertyId.SubscriptionIdentifier, "subscribe", 268_435_455),
        ["session-expiry-interval"] = new(PropertyId.SessionExpiryInterval, "connect disconnect", uint.MaxValue),
        ["authentication-method"] = new(PropertyId.AuthenticationMethod, "connect auth", 0),
        ["authentication-data"] = new(PropertyId.AuthenticationData, "connect auth", 0),
        ["request-problem-information"] = new(PropertyId.RequestProblemInformation, "connect", byte.MaxValue),
        ["will-delay-interval"] = new(PropertyId.WillDelayInterval, "will", uint.MaxValue),
        ["request-response-information"] = new(PropertyId.RequestResponseInformation, "connect", byte.MaxValue),
        ["receive-maximum"] = new(PropertyId.ReceiveMaximum, "connect", ushort.MaxValue),
        ["topic-alias-maximum"] = new(PropertyId.TopicAliasMaximum, "connect", ushort.MaxValue),
        ["topic-alias"] = new(PropertyId.TopicAlias, "publish", ushort.MaxValue),
        ["user-property"] = new(PropertyId.UserProperty, "connect publish will puback pubrec pubrel pubcomp subscribe unsubscribe disconnect auth", 0),
        ["maximum-packet-size"] = new(PropertyId.MaximumPacketSize, "connect", uint.MaxValue),
    };

    private static readonly string[] s_commands =
        ["connect", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "unsubscribe", "disconnect", "auth", "will"];

    private readonly Dictionary<string, PropertySet> _sets = [];

    internal PropertySet Connect => Of("connect");

    internal PropertySet Publish => Of("publish");

    internal PropertySet Subscribe => Of("subscribe");

    internal PropertySet Unsubscribe => Of("unsubscribe");

    internal PropertySet Disconnect => Of("disconnect");

    internal PropertySet Will => Of("will");

    internal bool IsEmpty => _sets.Values.All(static set => set.IsEmpty);

    /// <summary>Takes the arguments that follow -D.</summary>
    /// <param name="arguments">All arguments.</param>
    /// <param name="index">Index of -D; moved to the last argument taken.</param>
    internal void Parse(IReadOnlyList<string> arguments, ref int index)
    {
        if (index + 3 >= arguments.Count) throw Fail("--property argument given but not enough arguments specified.");
        string command = arguments[++index];
        if (!s_commands.Contains(command, StringComparer.OrdinalIgnoreCase)) throw Fail("Invalid command given in --property argument.");
        string name = arguments[++index];
        if (!s_rules.TryGetValue(name, out PropertyRule rule)) throw Fail("Invalid property name given in --property argument.");
        if (!rule.Commands.Split(' ').Contains(command, StringComparer.OrdinalIgnoreCase))
            throw Fail($"{name} property not allowed for {command} in --property argument.");
        string value = arguments[++index];
        PropertySet set = Of(command);
        if (rule.Id == PropertyId.UserProperty)
        {
            if (index + 1 >= arguments.Count) throw Fail("--property argument given but not enough arguments specified.");
            set.AddUserProperty(value, arguments[++index]);
        }
        else if (rule.Maximum == 0)
        {
            if (Encoding.UTF8.GetByteCount(value) > ushort.MaxValue) throw Fail($"Property value too long for property {name}.");
            set.AddText(rule.Id, value);
        }
        else
        {
            AddNumber(set, command, name, rule, value);
        }
    }

    private static void AddNumber(PropertySet set, string command, string name, PropertyRule rule, string text)
    {
        long value = ParseLeadingInteger(text);
        if (value < 0 || value > rule.Maximum) throw Fail($"Property value ({value}) out of range for property {name}.");
        bool mustBePositive = rule.Id is PropertyId.ReceiveMaximum or PropertyId.MaximumPacketSize or PropertyId.TopicAlias or PropertyId.SubscriptionIdentifier;
        bool isBoolean = rule.Maximum == byte.MaxValue;
        bool isValid = (value > 0 || !mustBePositive) && (value <= 1 || !isBoolean) && set.TryAddNumber(rule.Id, (uint)value);
        if (!isValid)
            throw new UsageException($"Error in {command.ToUpperInvariant()} properties: A network protocol error occurred when communicating with the broker.\n");
        if (rule.Id == PropertyId.PayloadFormatIndicator) set.AddPayloadFormatIndicator((byte)value);
    }

    /// <summary>As atoi does: a sign and digits count, whatever follows does not.</summary>
    internal static long ParseLeadingInteger(string text)
    {
        int end = 0;
        string trimmed = text.TrimStart();
        if (end < trimmed.Length && trimmed[end] is '-' or '+') end++;
        while (end < trimmed.Length && char.IsAsciiDigit(trimmed[end])) end++;
        return long.TryParse(trimmed.AsSpan(0, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : 0;
    }

    private static UsageException Fail(string text) => new($"Error: {text}\n\n");

    private PropertySet Of(string command)
    {
        string key = command.ToLowerInvariant();
        if (!_sets.TryGetValue(key, out PropertySet? set)) _sets[key] = set = new PropertySet();
        return set;
    }

    /// <summary>One property: where it may stand, and its largest value (0: it is text).</summary>
    private readonly record struct PropertyRule(PropertyId Id, string Commands, long Maximum);
}
