namespace Nightjar.Broker.Diagnostics;

/// <summary>The limits that are counted when they act, in the order of <see cref="BrokerLimits.Names"/>.</summary>
internal enum BrokerLimit
{
    MaximumPacketSize,
    MaximumPayloadSize,
    MaximumTopicLevels,
    MaximumInflightMessages,
    MaximumInflightBytes,
    MaximumQueuedMessages,
    MaximumQueuedBytes,
    MaximumOutputBufferBytes,
    MaximumSubscriptionsPerClient,
    MaximumRetainedMessages,
    MaximumRetainedBytes,
    MaximumPublishRate,
    MaximumPublishBytesRate,
    MemoryLimit,
    ConnectTimeout,
    MaximumKeepAlive,
    MaximumSessions,
    MaximumSessionsPerUser,
    MaximumConnections,
    ListenerConnections,
    MaximumConnectRate,
    AddressRules,
}

/// <summary>What the limits are called where people set them.</summary>
internal static class BrokerLimits
{
    /// <summary>Name of each limit as the value of the tag <c>limit</c>: its option in the configuration file.</summary>
    internal static ReadOnlySpan<string> Names => s_names;

    private static readonly string[] s_names =
    [
        "max_packet_size", "message_size_limit", "max_topic_levels", "max_inflight_messages", "max_inflight_bytes", "max_queued_messages",
        "max_queued_bytes", "max_output_buffer_bytes", "max_subscriptions_per_client", "max_retained_messages", "max_retained_bytes",
        "max_publish_rate", "max_publish_bytes_rate", "memory_limit", "connect_timeout", "max_keepalive", "global_max_clients",
        "max_sessions_per_user", "global_max_connections", "max_connections", "max_connect_rate", "allow_from",
    ];
}
