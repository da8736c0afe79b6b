using System.Globalization;
using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;

namespace Nightjar.Host.Configuration;

/// <summary>The one table of configuration options: the parser, the defaults and the check of <c>config/nightjar.conf</c> read it.</summary>
internal static class ConfigurationTable
{
    internal static IReadOnlyDictionary<string, ConfigurationOption> Options { get; } = All().ToDictionary(option => option.Name, StringComparer.Ordinal);

    private static IEnumerable<ConfigurationOption> All() =>
    [
        new("listener", null, "Listen on PORT [ADDRESS]; without an address on all. May be given several times.", Listener),
        new("port", null, "Listen on a port of all addresses. Deprecated: use listener.", (draft, value) => Listener(draft, value.Split(' ')[0])),
        Bool("allow_anonymous", "false", "Whether clients without a user name are let in; true when no listener is defined.", (draft, value) => draft.AllowAnonymous = value),
        Bool("allow_zero_length_clientid", "true", "Whether a zero-length client id gets one assigned.", (draft, value) => draft.Options = draft.Options with { AllowZeroLengthClientId = value }),
        new("auto_id_prefix", "auto-", "What assigned client ids begin with; at most 50 characters.", AutoIdPrefix),
        Bool("allow_duplicate_messages", "true", "Whether overlapping subscriptions of a client each get a copy.", (draft, value) => draft.Options = draft.Options with { AllowDuplicateMessages = value }),
        Bool("check_retain_source", "true", "Whether a retained message needs a publisher that may still write its topic.", (draft, value) => draft.Options = draft.Options with { CheckRetainSource = value }),
        Bool("queue_qos0_messages", "false", "Whether QoS 0 messages are queued for offline durable clients.", (draft, value) => draft.Options = draft.Options with { QueueQoS0Messages = value }),
        Bool("retain_available", "true", "Whether retained messages are accepted.", (draft, value) => draft.Options = draft.Options with { RetainAvailable = value }),
        Bool("upgrade_outgoing_qos", "false", "Whether messages are delivered with the QoS of the subscription.", (draft, value) => draft.Options = draft.Options with { UpgradeOutgoingQoS = value }),
        Bool("set_tcp_nodelay", "true", "Whether TCP_NODELAY is set on connections; Mosquitto has false, but Nightjar coalesces by itself.", (draft, value) => draft.NoDelay = value),
        Int("max_packet_size", "2000000", "Largest packet in bytes.", 20, VariableByteInteger.MaximumValue + 5, (draft, value) => draft.Options = draft.Options with { MaximumPacketSize = value }),
        Int("message_size_limit", "0", "Largest payload in bytes; 0: no limit.", 0, VariableByteInteger.MaximumValue, (draft, value) => draft.Options = draft.Options with { MaximumPayloadSize = value }),
        Int("max_inflight_messages", "20", "Most QoS 1 and 2 messages in flight to a client; 0: no limit.", 0, 65_535, (draft, value) => draft.Options = draft.Options with { MaximumInflightMessages = value == 65_535 ? 0 : value }),
        Int("max_inflight_bytes", "0", "Most bytes in flight to a client; 0: no limit.", 0, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumInflightBytes = value }),
        Int("max_queued_messages", "1000", "Most messages waiting for a client; 0: no limit.", 0, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumQueuedMessages = value }),
        Int("max_queued_bytes", "0", "Most bytes waiting for a client; 0: no limit.", 0, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumQueuedBytes = value }),
        Int("max_output_buffer_bytes", "8388608", "Most bytes encoded for a client and not yet sent.", 65_536, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumOutputBufferBytes = value }),
        Int("max_topic_levels", "200", "Most levels of a topic.", 1, 65_535, (draft, value) => draft.Options = draft.Options with { MaximumTopicLevels = value }),
        Int("max_subscriptions_per_client", "100000", "Most subscriptions of a client; 0: no limit.", 0, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumSubscriptionsPerClient = value }),
        Int("max_retained_messages", "2000000", "Most retained messages; 0: no limit.", 0, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumRetainedMessages = value }),
        Int("max_retained_bytes", "1073741824", "Most bytes of retained messages; 0: no limit.", 0, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumRetainedBytes = value }),
        Int("max_keepalive", "0", "Longest keep alive in seconds; 0: no limit.", 0, 65_535, (draft, value) => draft.Options = draft.Options with { MaximumKeepAlive = (ushort)value }),
        Int("connect_timeout", "10", "Seconds from accept within which CONNECT must have been accepted.", 1, 3600, (draft, value) => draft.Options = draft.Options with { ConnectTimeout = TimeSpan.FromSeconds(value) }),
        Int("global_max_connections", "-1", "Most connections; -1: no limit.", -1, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumConnections = value }),
        Int("global_max_clients", "-1", "Most sessions, offline ones included; -1: no limit.", -1, int.MaxValue, (draft, value) => draft.Options = draft.Options with { MaximumSessions = value }),
        Int("sys_interval", "10", "Period of the $SYS topics in seconds; 0: none.", 0, 65_535, (draft, value) => draft.Options = draft.Options with { SysInterval = TimeSpan.FromSeconds(value) }),
        new("persistent_client_expiration", null, "After how long an offline durable client is forgotten: a number and h, d, w, m or y.", PersistentClientExpiration),
        new("protocol", "mqtt", "What the listener speaks: mqtt or websockets.", Protocol),
        new("websockets_origin", null, "Origin of web pages whose scripts may connect over WebSocket, compared exactly; without it any. May be given several times.", WebSocketsOrigin),
        OfListener("max_connections", "-1", "Most connections of the listener; -1: no limit.", -1, int.MaxValue, (listener, value) => listener with { MaximumConnections = value }),
        OfListener("max_qos", "2", "Highest QoS the listener accepts.", 0, 2, (listener, value) => listener with { MaximumQoS = (QualityOfService)value }),
        OfListener("max_topic_alias", "10", "Topic aliases a client may use towards the broker.", 0, 65_535, (listener, value) => listener with { MaximumTopicAlias = (ushort)value }),
        OfListener("max_topic_alias_broker", "10", "Topic aliases the broker uses towards a client.", 0, 65_535, (listener, value) => listener with { MaximumTopicAliasBroker = (ushort)value }),
    ];

    private static ConfigurationOption Bool(string name, string fallback, string summary, Action<ConfigurationDraft, bool> apply) => new(name, fallback, summary, (draft, value) =>
    {
        bool? parsed = value switch { "true" or "1" => true, "false" or "0" => false, _ => null };
        if (parsed is null) return $"Error: Invalid '{name}' value ({value}).";
        apply(draft, parsed.Value);
        return null;
    });

    private static ConfigurationOption Int(string name, string fallback, string summary, int low, int high, Action<ConfigurationDraft, int> apply) => new(name, fallback, summary, (draft, value) =>
    {
        if (!TryInteger(value, out var parsed)) return $"Error: '{name}' value not a number.";
        if (parsed < low || parsed > high) return $"Error: '{name}' value out of range.";
        apply(draft, (int)parsed);
        return null;
    });

    private static ConfigurationOption OfListener(string name, string fallback, string summary, int low, int high, Func<ListenerOptions, int, ListenerOptions> apply) => new(name, fallback, summary, (draft, value) =>
    {
        if (!TryInteger(value, out var parsed)) return $"Error: '{name}' value not a number.";
        if (parsed < low || parsed > high) return $"Error: '{name}' value out of range.";
        return ChangeListener(draft, name, listener => apply(listener, (int)parsed));
    });

    private static string? ChangeListener(ConfigurationDraft draft, string name, Func<ListenerOptions, ListenerOptions> change) =>
        draft.ChangeListener(change) ? null : $"Error: The '{name}' option requires a listener to be defined first.";

    // strtol with base 0: decimal, 0x hexadecimal, 0 octal.
    private static bool TryInteger(string text, out long value)
    {
        var negative = text.StartsWith('-');
        var digits = negative ? text[1..] : text;
        bool parsed;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            parsed = long.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }
        else if (digits.Length is > 1 and < 20 && digits[0] == '0' && digits.All(c => c is >= '0' and <= '7'))
        {
            value = Convert.ToInt64(digits, 8);
            parsed = true;
        }
        else
        {
            parsed = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        }

        if (negative) value = -value;
        return parsed;
    }

    private static string? Listener(ConfigurationDraft draft, string value)
    {
        var parts = value.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (!TryInteger(parts[0], out var port)) return "Error: 'port' value not a number.";
        if (port is < 1 or > 65_535) return $"Error: Invalid 'port' value ({port}).";
        // A trailing comment is tolerated here.
        var host = parts.Length > 1 && parts[1][0] != '#' ? parts[1] : null;
        if (host is null)
        {
            var anywhere = new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Any, (int)port) };
            var anywhere6 = new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.IPv6Any, (int)port) };
            draft.Listeners.Add(System.Net.Sockets.Socket.OSSupportsIPv6 ? [anywhere, anywhere6] : [anywhere]);
            return null;
        }

        if (!TryResolve(host, out var address)) return $"Error: Invalid 'listener' address ({host}).";
        draft.Listeners.Add([new ListenerOptions { EndPoint = new IPEndPoint(address, (int)port) }]);
        return null;
    }

    private static string? Protocol(ConfigurationDraft draft, string value)
    {
        ListenerProtocol? protocol = value switch { "mqtt" => ListenerProtocol.Mqtt, "websockets" => ListenerProtocol.WebSockets, _ => null };
        return protocol is null
            ? $"Error: Invalid 'protocol' value ({value})."
            : ChangeListener(draft, "protocol", listener => listener with { Protocol = protocol.Value });
    }

    private static string? WebSocketsOrigin(ConfigurationDraft draft, string value) =>
        ChangeListener(draft, "websockets_origin", listener => listener with { AllowedOrigins = [.. listener.AllowedOrigins, value] });

    private static bool TryResolve(string host, out IPAddress address)
    {
        if (IPAddress.TryParse(host, out address!)) return true;
        try
        {
            address = Dns.GetHostAddresses(host).FirstOrDefault()!;
            return address is not null;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static string? AutoIdPrefix(ConfigurationDraft draft, string value)
    {
        if (value.Length > 50) return "Error: 'auto_id_prefix' length must be <= 50.";
        draft.Options = draft.Options with { AutoIdPrefix = value };
        return null;
    }

    private static string? PersistentClientExpiration(ConfigurationDraft draft, string value)
    {
        var days = value[^1] switch { 's' => 1 / 86400.0, 'h' => 1 / 24.0, 'd' => 1, 'w' => 7, 'm' => 30, 'y' => 365.0, _ => 0 };
        if (days == 0 || !int.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
            return $"Error: Invalid 'persistent_client_expiration' value ({value}): a number and s, h, d, w, m or y.";
        draft.Options = draft.Options with { PersistentClientExpiration = TimeSpan.FromDays(days * count) };
        return null;
    }
}
