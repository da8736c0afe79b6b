using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Protocol;

namespace Nightjar.Host.Configuration.Options;

/// <summary>What keeps one client, or all together, from taking too much.</summary>
internal static class LimitOptions
{
    private static readonly Define<BrokerOptions> Limit =
        new(OptionArea.Limits, OptionScope.General, (draft, change) => draft.Options = change(draft.Options));

    internal static IEnumerable<ConfigurationOption> All() =>
    [
        Limit.Integer("max_packet_size", "2000000", 20, VariableByteInteger.MaximumValue + 5L, "Largest packet in bytes.",
            (options, value) => options with { MaximumPacketSize = (int)value }, value => value < 20 ? "Error: 'max_packet_size' must be >= 20." : "Error: 'max_packet_size' value out of range."),
        Limit.Integer("message_size_limit", "0", 0, VariableByteInteger.MaximumValue, "Largest payload in bytes; 0: no limit.",
            (options, value) => options with { MaximumPayloadSize = (int)value }, value => $"Error: Invalid 'message_size_limit' value ({value})."),
        Limit.Integer("max_inflight_messages", "20", 0, 65_535, "Most QoS 1 and 2 messages in flight to a client; 0: no limit.",
            (options, value) => options with { MaximumInflightMessages = value == 65_535 ? 0 : (int)value }, _ => "Error: 'max_inflight_messages' must be <= 65535.", below: 0),
        Limit.Integer("max_inflight_bytes", "0", 0, long.MaxValue, "Most bytes in flight to a client; 0: no limit.", (options, value) => options with { MaximumInflightBytes = value }, below: 0),
        Limit.Integer("max_queued_messages", "1000", 0, int.MaxValue, "Most messages waiting for a client; 0: no limit.", (options, value) => options with { MaximumQueuedMessages = (int)value }, below: 0),
        Limit.Integer("max_queued_bytes", "0", 0, long.MaxValue, "Most bytes waiting for a client; 0: no limit.", (options, value) => options with { MaximumQueuedBytes = value }, below: 0),
        Limit.Choice("queue_full_policy", "drop_newest", "What becomes of a message for a client whose queue is full: drop_newest, it is dropped; drop_oldest, the one that has waited longest is; reject, its publisher is told (v5: 0x97) and nobody gets it. Ours.",
            new Dictionary<string, Func<BrokerOptions, BrokerOptions>>
            {
                ["drop_newest"] = options => options with { QueueFullPolicy = QueueFullPolicy.DropNewest },
                ["drop_oldest"] = options => options with { QueueFullPolicy = QueueFullPolicy.DropOldest },
                ["reject"] = options => options with { QueueFullPolicy = QueueFullPolicy.Reject },
            }),
        Limit.Integer("queued_messages_in_memory", "1000", 1, 1_000_000, "With persistence: most messages of a connected client that wait in memory; the rest, and all of offline clients, is only on disk. Ours.",
            (options, value) => options with { QueuedMessagesInMemory = (int)value }),
        Limit.Integer("queued_bytes_in_memory", "1048576", 1024, long.MaxValue, "Most bytes of them. Ours.", (options, value) => options with { QueuedBytesInMemory = value }),
        Limit.Integer("max_output_buffer_bytes", "8388608", 65_536, int.MaxValue, "Most bytes encoded for a client and not yet sent. Ours.", (options, value) => options with { MaximumOutputBufferBytes = (int)value }),
        Limit.Integer("memory_limit", "0", 0, long.MaxValue, "Most bytes of messages and buffers; above it publishers and slow receivers are disconnected. 0: no limit.",
            (options, value) => options with { MemoryLimit = value }, value => $"Error: Invalid 'memory_limit' value ({value})."),
        Limit.Integer("max_topic_levels", "200", 1, 65_535, "Most levels of a topic. Ours.", (options, value) => options with { MaximumTopicLevels = (int)value }),
        Limit.Integer("max_subscriptions_per_client", "100000", 0, int.MaxValue, "Most subscriptions of a client; 0: no limit. Ours.", (options, value) => options with { MaximumSubscriptionsPerClient = (int)value }),
        Limit.Integer("max_retained_messages", "2000000", 0, int.MaxValue, "Most retained messages; 0: no limit. Ours.", (options, value) => options with { MaximumRetainedMessages = (int)value }),
        Limit.Integer("max_retained_bytes", "1073741824", 0, long.MaxValue, "Most bytes of retained messages; 0: no limit. Ours.", (options, value) => options with { MaximumRetainedBytes = value }),
        Limit.Integer("max_sessions_per_user", "0", 0, int.MaxValue, "Most sessions of one user name, offline ones included; 0: no limit. Ours.", (options, value) => options with { MaximumSessionsPerUser = (int)value }),
        Limit.Integer("max_publish_rate", "0", 0, int.MaxValue, "Most messages a second that a client may publish; above it the client is read more slowly. 0: no limit. Ours.",
            (options, value) => options with { MaximumPublishRate = (int)value }),
        Limit.Integer("max_publish_bytes_rate", "0", 0, long.MaxValue, "Most bytes a second that a client may publish; above it the client is read more slowly. 0: no limit. Ours.",
            (options, value) => options with { MaximumPublishBytesRate = value }),
        Limit.Integer("max_connect_rate", "0", 0, int.MaxValue, "Most connections a second from one address; further ones are closed. 0: no limit. Ours.", (options, value) => options with { MaximumConnectRate = (int)value }),
        Limit.Integer("max_keepalive", "0", 0, 65_535, "Longest keep alive in seconds; 0: no limit.",
            (options, value) => options with { MaximumKeepAlive = (ushort)value }, value => $"Error: Invalid 'max_keepalive' value ({value})."),
        Limit.Integer("connect_timeout", "10", 1, 3600, "Seconds from accept within which CONNECT must have been accepted. Ours.", (options, value) => options with { ConnectTimeout = TimeSpan.FromSeconds(value) }),
        Limit.Integer("max_authentication_delay", "5", 0, 60, "Most seconds that the answer to a failed login waits when logins from its address fail repeatedly; 0: none. At most half of connect_timeout. Ours.",
            (options, value) => options with { MaximumAuthenticationDelay = TimeSpan.FromSeconds(value) }),
        Limit.Integer("global_max_connections", "-1", -1, int.MaxValue, "Most connections; -1: no limit.", (options, value) => options with { MaximumConnections = (int)value }, below: -1),
        Limit.Integer("global_max_clients", "-1", -1, int.MaxValue, "Most sessions, offline ones included; -1: no limit.", (options, value) => options with { MaximumSessions = (int)value }, below: -1),
        .. PacketBuffer(),
    ];

    private static ConfigurationOption[] PacketBuffer()
    {
        var option = Limit.Integer("packet_buffer_size", "4096", 0, 65_535, "Size of Mosquitto's read buffer; accepted, buffers here size themselves.",
            (options, _) => options, _ => "Error: Packet buffer size must be between 0 and 65535 inclusive.");
        return [option, option.As("websockets_headers_size")];
    }
}
