using Nightjar.Protocol;

namespace Nightjar.Broker.Configuration;

/// <summary>
/// Everything that can be set for one <see cref="MqttBroker"/>, with Mosquitto's defaults. Immutable: a change is a new instance
/// (<c>options with { ... }</c>).
/// </summary>
/// <remarks>Names follow the specification; the summary of each names Mosquitto's option. Zero means "no limit" where a remark says so. How often
/// a limit acted is the instrument <c>nightjar.limits.reached</c> of the meter <c>Nightjar.Broker</c>, with the option's name in the
/// configuration file as the tag <c>limit</c>. Every limit is read where it acts: one that is changed holds from the next packet on, for what is
/// there already where nothing else is said.</remarks>
public sealed record BrokerOptions
{
    /// <summary>Where the broker listens. Empty: only in-process clients and transports handed to <see cref="MqttBroker.Serve"/>.</summary>
    public IReadOnlyList<ListenerOptions> Listeners { get; init; } = [];

    /// <summary>Largest packet accepted, whole packet in bytes; told to v5 clients at CONNECT, and whoever sends a larger one is disconnected (0x95) [MQTT-3.2.2-15]. mosquitto: max_packet_size.</summary>
    /// <value>20 to 268 435 460. Default 2 000 000.</value>
    public int MaximumPacketSize { get; init; } = 2_000_000;

    /// <summary>Largest first packet of a connection, in bytes, whatever <see cref="MaximumPacketSize"/> allows afterwards.</summary>
    /// <value>Default 65 536.</value>
    public int MaximumConnectPacketSize { get; init; } = 65_536;

    /// <summary>Largest payload accepted, in bytes; a larger one is dropped, and acknowledged: v5 with 0x83, v3 as if it were fine. mosquitto: message_size_limit.</summary>
    /// <value>0 = no limit (default).</value>
    public int MaximumPayloadSize { get; init; }

    /// <summary>Most QoS 1 and 2 messages sent to one client and not yet acknowledged; also the Receive Maximum told to v5 clients. mosquitto: max_inflight_messages.</summary>
    /// <value>1 to 65 535; 0 = no limit of the broker. Default 20. Beyond it messages wait in the queue. What a connected client was told stays. The client's Receive Maximum lowers it [MQTT-3.3.4-9].</value>
    public int MaximumInflightMessages { get; init; } = 20;

    /// <summary>Most payload bytes of QoS 1 and 2 messages in flight to one client; a single larger message still passes, further ones wait in the queue. mosquitto: max_inflight_bytes.</summary>
    /// <value>0 = no limit (default).</value>
    public long MaximumInflightBytes { get; init; }

    /// <summary>Most messages waiting for one client beyond those in flight; further ones are dropped and counted. mosquitto: max_queued_messages.</summary>
    /// <value>0 = no limit. Default 1000.</value>
    public int MaximumQueuedMessages { get; init; } = 1000;

    /// <summary>Most bytes waiting for one client beyond those in flight; what does not fit is dropped and counted. mosquitto: max_queued_bytes.</summary>
    /// <value>0 = no limit (default).</value>
    public long MaximumQueuedBytes { get; init; }

    /// <summary>What becomes of a message for a client whose queue is full. Ours: queue_full_policy.</summary>
    /// <value>Default <see cref="QueueFullPolicy.DropNewest"/>. Drops are counted for each session and logged when they begin and when the client has caught up.</value>
    public QueueFullPolicy QueueFullPolicy { get; init; }

    /// <summary>Most messages of one connected client that wait in memory when the store has them too; the rest is read from the store when it is their turn. Ours: queued_messages_in_memory.</summary>
    /// <value>1 to 1 000 000. Default 1000. Without a store, or with one that cannot be read back, the whole queue is in memory. Offline clients have nothing in memory.</value>
    public int QueuedMessagesInMemory { get; init; } = 1000;

    /// <summary>Most bytes (topic, properties, payload) of them; a single larger message still passes. Ours: queued_bytes_in_memory.</summary>
    /// <value>At least 1024. Default 1 MiB.</value>
    public long QueuedBytesInMemory { get; init; } = 1 << 20;

    /// <summary>Most bytes encoded for one client and not yet taken by its transport. Above it QoS 0 messages are dropped and counted, QoS 1 and 2 wait in the queue.</summary>
    /// <value>At least 65 536. Default 8 MiB.</value>
    public int MaximumOutputBufferBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Most levels of a topic name or filter, the mount point's included: PUBLISH with more disconnects (0x90), SUBSCRIBE gets 0x8F, a will is refused. Ours: max_topic_levels.</summary>
    /// <value>1 to 65 535. Default 200.</value>
    public int MaximumTopicLevels { get; init; } = 200;

    /// <summary>Most network connections at a time; further ones are closed at accept. mosquitto: global_max_connections.</summary>
    /// <value>-1 = no limit (default).</value>
    public int MaximumConnections { get; init; } = -1;

    /// <summary>Most sessions, offline ones included; a further CONNECT is refused (0x89). mosquitto: global_max_clients.</summary>
    /// <value>-1 = no limit (default).</value>
    public int MaximumSessions { get; init; } = -1;

    /// <summary>Most subscriptions of one session; further ones get 0x97 (v3: 0x80).</summary>
    /// <value>0 = no limit. Default 100 000.</value>
    public int MaximumSubscriptionsPerClient { get; init; } = 100_000;

    /// <summary>Most retained messages; a retained PUBLISH on a further topic gets 0x97.</summary>
    /// <value>0 = no limit. Default 2 000 000.</value>
    public int MaximumRetainedMessages { get; init; } = 2_000_000;

    /// <summary>Most bytes (topic, properties, payload) of retained messages; a retained PUBLISH beyond gets 0x97.</summary>
    /// <value>0 = no limit. Default 1 GiB.</value>
    public long MaximumRetainedBytes { get; init; } = 1L << 30;

    /// <summary>Most sessions of one user name, offline ones included; a further CONNECT is refused (0x97). Ours: max_sessions_per_user.</summary>
    /// <value>0 = no limit (default). Anonymous clients are not counted. v3 gets CONNACK 3. A client may always come back to a session of its own, or begin
    /// it anew; lowering the limit ends no session.</value>
    public int MaximumSessionsPerUser { get; init; }

    /// <summary>Most PUBLISH packets a second of one client; above it the client is read more slowly, nothing is dropped. Ours: max_publish_rate.</summary>
    /// <value>0 = no limit (default). A second's worth may come at once.</value>
    /// <remarks>What else the client has sent waits behind: acknowledgements, PINGREQ, DISCONNECT. Its keep alive stands still meanwhile.</remarks>
    public int MaximumPublishRate { get; init; }

    /// <summary>Most bytes of PUBLISH packets, headers included, a second of one client; above it the client is read more slowly. Ours: max_publish_bytes_rate.</summary>
    /// <value>0 = no limit (default). A second's worth may come at once. A packet of more than that is let in and paid for afterwards.</value>
    /// <remarks>As for <see cref="MaximumPublishRate"/>.</remarks>
    public long MaximumPublishBytesRate { get; init; }

    /// <summary>Most connections a second from one address (IPv6: one /64); further ones are closed at accept. Ours: max_connect_rate.</summary>
    /// <value>0 = no limit (default). A second's worth may come at once. Unix domain sockets and connections in memory have no address and no rate.</value>
    public int MaximumConnectRate { get; init; }

    /// <summary>Most bytes of messages and buffers held at a time; beyond it a publisher is disconnected (0x97) with its message, and a receiver that would need more. mosquitto: memory_limit.</summary>
    /// <value>0 = no limit (default). Lowering it frees nothing.</value>
    /// <remarks>Counts kept messages (queued, in flight, wills) and retained ones with 256 bytes each for themselves, the places of queues, and
    /// output that its socket does not take; not the runtime, sessions, subscriptions or receive buffers, so that the process is larger. A receiver
    /// that is behind is reset, and what waited for it is free at once; for an offline session the message is dropped and counted; a CONNECT
    /// whose will has no room is refused (0x97, v3: 3). A message that clears a retained one is let in.</remarks>
    public long MemoryLimit { get; init; }

    /// <summary>Only client ids that begin with this are let in. mosquitto: clientid_prefixes.</summary>
    /// <value>Null = any (default).</value>
    public string? ClientIdPrefix { get; init; }

    /// <summary>Whether what Mosquitto does is kept where Nightjar decided otherwise: subscriptions the rules never let through are granted, sessions may be taken over by another user. Ours: compat_mode strict.</summary>
    public bool StrictCompatibility { get; init; }

    /// <summary>Whether <c>$CONTROL/broker/v1</c> answers: listListeners, listPlugins. mosquitto: enable_control_api.</summary>
    /// <value>Default false. Who may ask is what the rules say of writing to the topic; without any rules everybody may.</value>
    public bool EnableControlApi { get; init; }

    /// <summary>Plugins that <c>listPlugins</c> tells of, besides dynamic security, which is found in the rules. Does nothing else.</summary>
    public IReadOnlyList<string> PluginNames { get; init; } = [];

    /// <summary>Whether connects and disconnects are logged. mosquitto: connection_messages.</summary>
    public bool ConnectionMessages { get; init; } = true;

    /// <summary>Time from accept within which a CONNECT must have been accepted; bytes do not extend it. mosquitto has 30 s fixed.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait before a client is told that its authentication failed. From the fourth failure of one address (IPv6: one /64) within a minute on, the wait doubles from 250 ms. Ours: max_authentication_delay.</summary>
    /// <value>Zero = no wait. Default 5 s; at most half of <see cref="ConnectTimeout"/> is waited. Not in strict mode, where nothing waits.</value>
    public TimeSpan MaximumAuthenticationDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest keep alive granted, in seconds: v5 clients are told (Server Keep Alive), v3 clients asking for more get CONNACK 2. mosquitto: max_keepalive.</summary>
    /// <value>0 = no limit (default).</value>
    public ushort MaximumKeepAlive { get; init; }

    /// <summary>Whether clients without a user name are let in. mosquitto: allow_anonymous.</summary>
    /// <value>Default true for an embedded broker; the configuration file decides for the executable.</value>
    public bool AllowAnonymous { get; init; } = true;

    /// <summary>Whether a zero-length client id gets one assigned [MQTT-3.1.3-6]. mosquitto: allow_zero_length_clientid.</summary>
    public bool AllowZeroLengthClientId { get; init; } = true;

    /// <summary>What assigned client ids begin with, followed by 36 characters of a random UUID in upper case. mosquitto: auto_id_prefix.</summary>
    public string AutoIdPrefix { get; init; } = "auto-";

    /// <summary>Whether retained messages are kept and accepted; false: v5 clients are told and get 0x9A. mosquitto: retain_available.</summary>
    public bool RetainAvailable { get; init; } = true;

    /// <summary>Whether QoS 0 messages are queued for offline durable sessions too. mosquitto: queue_qos0_messages.</summary>
    public bool QueueQoS0Messages { get; init; }

    /// <summary>Whether messages are delivered with the QoS of the subscription even when it is higher than the published one. mosquitto: upgrade_outgoing_qos.</summary>
    public bool UpgradeOutgoingQoS { get; init; }

    /// <summary>Whether each of several overlapping subscriptions of a client gets its own copy. False: one copy with all subscription identifiers [MQTT-3.3.4-4]. mosquitto: allow_duplicate_messages.</summary>
    public bool AllowDuplicateMessages { get; init; } = true;

    /// <summary>Period of the $SYS topics; zero: none are published. mosquitto: sys_interval.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan SysInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long an offline v3 session with clean session 0 is forgotten. mosquitto: persistent_client_expiration.</summary>
    /// <value>Null = never (default).</value>
    public TimeSpan? PersistentClientExpiration { get; init; }

    /// <summary>Whether a retained message is only delivered while its publisher may still write its topic. mosquitto: check_retain_source.</summary>
    public bool CheckRetainSource { get; init; } = true;

    /// <summary>Response Information given to v5 clients that ask for it [MQTT-3.1.2-28].</summary>
    /// <value>Null = none (default).</value>
    public string? ResponseInformation { get; init; }

    /// <summary>Text of <c>$SYS/broker/version</c> and of the first log lines; clients of Mosquitto parse the prefix.</summary>
    public string VersionText { get; init; } = "mosquitto version 2.1.2";

    /// <summary>How long a closing connection may take to send what is already encoded for it.</summary>
    /// <value>Default 2 s.</value>
    public TimeSpan CloseLinger { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Number of topics whose routes are kept.</summary>
    /// <value>Default 65 536; rounded up to a power of two.</value>
    public int RouteCacheCapacity { get; init; } = 65_536;

    /// <summary>Most bytes of the routes kept; a topic that goes to thousands of receivers has a large one. Beyond it, routes used least leave.</summary>
    /// <value>At least 65 536. Default 128 MiB.</value>
    public long MaximumRouteCacheBytes { get; init; } = 128L << 20;

    /// <summary>Checks every value against its range.</summary>
    /// <returns>One line per value that is out of range, naming the property, the value and the range; empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        Range(nameof(MaximumPacketSize), MaximumPacketSize, 20, VariableByteInteger.MaximumValue + 5);
        Range(nameof(MaximumConnectPacketSize), MaximumConnectPacketSize, 20, VariableByteInteger.MaximumValue + 5);
        Range(nameof(MaximumPayloadSize), MaximumPayloadSize, 0, VariableByteInteger.MaximumValue);
        Range(nameof(MaximumInflightMessages), MaximumInflightMessages, 0, 65_535);
        Range(nameof(MaximumInflightBytes), MaximumInflightBytes, 0, long.MaxValue);
        Range(nameof(MaximumQueuedMessages), MaximumQueuedMessages, 0, int.MaxValue);
        Range(nameof(MaximumQueuedBytes), MaximumQueuedBytes, 0, long.MaxValue);
        Range(nameof(QueuedMessagesInMemory), QueuedMessagesInMemory, 1, 1_000_000);
        Range(nameof(QueuedBytesInMemory), QueuedBytesInMemory, 1024, long.MaxValue);
        if (!Enum.IsDefined(QueueFullPolicy)) errors.Add($"{nameof(QueueFullPolicy)} is {QueueFullPolicy}; it must be one of its names.");
        Range(nameof(MaximumOutputBufferBytes), MaximumOutputBufferBytes, 65_536, int.MaxValue);
        Range(nameof(MaximumTopicLevels), MaximumTopicLevels, 1, 65_535);
        Range(nameof(MaximumConnections), MaximumConnections, -1, int.MaxValue);
        Range(nameof(MaximumSessions), MaximumSessions, -1, int.MaxValue);
        Range(nameof(MaximumSubscriptionsPerClient), MaximumSubscriptionsPerClient, 0, int.MaxValue);
        Range(nameof(MaximumRetainedMessages), MaximumRetainedMessages, 0, int.MaxValue);
        Range(nameof(MaximumRetainedBytes), MaximumRetainedBytes, 0, long.MaxValue);
        Range(nameof(RouteCacheCapacity), RouteCacheCapacity, 1, 1 << 26);
        Range(nameof(MaximumRouteCacheBytes), MaximumRouteCacheBytes, 65_536, long.MaxValue);
        Range(nameof(MaximumSessionsPerUser), MaximumSessionsPerUser, 0, int.MaxValue);
        Range(nameof(MaximumPublishRate), MaximumPublishRate, 0, int.MaxValue);
        Range(nameof(MaximumPublishBytesRate), MaximumPublishBytesRate, 0, long.MaxValue);
        Range(nameof(MaximumConnectRate), MaximumConnectRate, 0, int.MaxValue);
        Range(nameof(MemoryLimit), MemoryLimit, 0, long.MaxValue);
        if (ConnectTimeout <= TimeSpan.Zero) errors.Add($"{nameof(ConnectTimeout)} is {ConnectTimeout}; it must be longer than zero.");
        if (MaximumAuthenticationDelay < TimeSpan.Zero) errors.Add($"{nameof(MaximumAuthenticationDelay)} is {MaximumAuthenticationDelay}; it must not be negative.");
        if (SysInterval < TimeSpan.Zero) errors.Add($"{nameof(SysInterval)} is {SysInterval}; it must not be negative.");
        if (CloseLinger < TimeSpan.Zero) errors.Add($"{nameof(CloseLinger)} is {CloseLinger}; it must not be negative.");
        foreach (var listener in Listeners) listener.Validate(errors);
        return errors;

        void Range(string name, long value, long low, long high)
        {
            if (value < low || value > high) errors.Add($"{name} is {value}; it must be {low} to {high}.");
        }
    }
}
