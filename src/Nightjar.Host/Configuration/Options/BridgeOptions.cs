using System.Globalization;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Protocol;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Bridges to other brokers.</summary>
internal static class BridgeOptions
{
    private static readonly Define<BridgeSection> Bridge = new(OptionArea.Bridges, OptionScope.Bridge, (draft, change) => draft.ChangeBridge(change));

    internal static IEnumerable<ConfigurationOption> All()
    {
        var address = Bridge.Words("address", null, "HOST[:PORT] of the remote broker, several for a failover list; or the path of a unix domain socket.", BridgeLines.Addresses);
        var clientId = Bridge.Text("remote_clientid", null, "Client id at the remote broker; without it HOSTNAME.NAME.", (bridge, value) => bridge with { RemoteClientId = value });
        var user = Bridge.Text("remote_username", null, "User name at the remote broker.", (bridge, value) => bridge with { RemoteUserName = value });
        var password = Bridge.Secret("remote_password", "Password at the remote broker.", (bridge, value) => bridge with { RemotePassword = value });
        return
        [
            new("connection", OptionArea.Bridges, OptionScope.General, OptionKind.Text, null, "NAME: begins a bridge; the options below follow it. May be given several times.", Connection) { IsStructure = true, Repetition = OptionRepetition.Adds },
            address,
            address.As("addresses"),
            Bridge.Words("topic", null, "PATTERN [[out|in|both] QOS] [LOCAL REMOTE]: topics to carry, and the prefixes put before them. May be given several times.", BridgeLines.Topic)
                with { Repetition = OptionRepetition.Adds },
            clientId,
            clientId.As("clientid"),
            user,
            user.As("username"),
            password,
            password.As("password"),
            Bridge.Text("local_clientid", null, "Client id here; without it local. and the remote client id.", (bridge, value) => bridge with { LocalClientId = value }),
            Bridge.Text("local_username", null, "User name for the rights here.", (bridge, value) => bridge with { LocalUserName = value }),
            Bridge.Secret("local_password", "Password that goes with it.", (bridge, value) => bridge with { LocalPassword = value }),
            .. Behaviour(),
            .. Connecting(),
        ];
    }

    private static IEnumerable<ConfigurationOption> Behaviour() =>
    [
        Bridge.Boolean("cleansession", false, "Whether the remote broker forgets the bridge when it goes.", (bridge, value) => bridge with { CleanSession = value }),
        Bridge.Boolean("local_cleansession", null, "The same here; without it as cleansession.", (bridge, value) => bridge with { LocalCleanSession = value }),
        Bridge.Boolean("notifications", true, "Whether the bridge's state is published, retained, here and there.", (bridge, value) => bridge with { Notifications = value }),
        Bridge.Boolean("notifications_local_only", false, "Whether it is published here only.", (bridge, value) => bridge with { NotificationsLocalOnly = value }),
        Bridge.Text("notification_topic", null, "Where it is published; without it $SYS/broker/connection/REMOTE_CLIENTID/state.", (bridge, value) => bridge with { NotificationTopic = value }),
        Bridge.Boolean("bridge_attempt_unsubscribe", true, "Whether topics that only go out are unsubscribed at the remote broker.", (bridge, value) => bridge with { AttemptUnsubscribe = value }),
        Bridge.Boolean("bridge_outgoing_retain", true, "Whether RETAIN is kept towards the remote broker.", (bridge, value) => bridge with { OutgoingRetain = value }),
        Bridge.Boolean("try_private", true, "Whether the remote broker is told that it is a bridge (MQTT 3).", (bridge, value) => bridge with { TryPrivate = value }),
        Bridge.Choice("bridge_protocol_version", "mqttv311", "mqttv31, mqttv311 or mqttv50.", new Dictionary<string, Func<BridgeSection, BridgeSection>>
        {
            ["mqttv31"] = bridge => bridge with { ProtocolVersion = ProtocolVersion.Mqtt31 },
            ["mqttv311"] = bridge => bridge with { ProtocolVersion = ProtocolVersion.Mqtt311 },
            ["mqttv50"] = bridge => bridge with { ProtocolVersion = ProtocolVersion.Mqtt50 },
        }),
        Bridge.Integer("bridge_max_packet_size", "0", 0, int.MaxValue, "Largest packet; 0: what the remote broker takes.", (bridge, value) => bridge with { MaximumPacketSize = (int)value }, below: 0),
        Bridge.Integer("bridge_max_topic_alias", "10", 0, 65_535, "Topic aliases the remote broker may use (MQTT 5).",
            (bridge, value) => bridge with { MaximumTopicAlias = (ushort)value }, _ => "Error: bridge_max_topic_alias must be > 0 and <= 65535."),
        Bridge.Integer("bridge_receive_maximum", null, 1, 65_535, "Most messages in flight from the remote broker (MQTT 5); without it max_inflight_messages.",
            (bridge, value) => bridge with { ReceiveMaximum = (ushort)value },
            value => value < 1 ? "Error: bridge_receive_maximum must be greater than 0." : "Error: bridge_receive_maximum must be lower than 65535."),
        Bridge.Integer("bridge_session_expiry_interval", "0", 0, uint.MaxValue, "Seconds the remote broker keeps the session (MQTT 5); 4294967295: for ever.",
            (bridge, value) => bridge with { SessionExpiryInterval = (uint)value }, _ => "Error: bridge_session_expiry_interval must not be negative."),
    ];

    private static IEnumerable<ConfigurationOption> Connecting() =>
    [
        Bridge.Choice("start_type", "automatic", "automatic, lazy (when messages wait) or once.", new Dictionary<string, Func<BridgeSection, BridgeSection>>
        {
            ["automatic"] = bridge => bridge with { StartType = BridgeStartType.Automatic },
            ["lazy"] = bridge => bridge with { StartType = BridgeStartType.Lazy },
            ["once"] = bridge => bridge with { StartType = BridgeStartType.Once },
        }, value => value == "manual" ? "Error: Manual start_type not supported." : $"Error: Invalid 'start_type' value in configuration ({value})."),
        AtLeast("threshold", "10", 1, "Messages that make a lazy bridge connect.", "threshold too low, using 1 message.", (bridge, value) => bridge with { Threshold = value }),
        AtLeast("idle_timeout", "60", 1, "Seconds after which an idle lazy bridge ends.", "idle_timeout interval too low, using 1 second.", (bridge, value) => bridge with { IdleTimeout = TimeSpan.FromSeconds(value) }),
        AtLeast("keepalive_interval", "60", 5, "Keep alive in seconds, 5 to 65535.", "keepalive interval too low, using 5 seconds.", (bridge, value) => bridge with { KeepAlive = (ushort)value }, 65_535, "Error: Bridge keepalive value too high."),
        Bridge.Make("restart_timeout", OptionKind.Words, "5 30", "Seconds before connecting again: one value is constant; BASE CAP [STABLE] grows up to CAP.", BridgeLines.RestartTimeout),
        Bridge.Boolean("round_robin", false, "Whether the addresses are used in turn instead of the first being preferred.", (bridge, value) => bridge with { RoundRobin = value }),
        Bridge.Choice("bridge_reload_type", "lazy", "Whether a reload changes the bridge at its next connection (lazy) or at once (immediate).", new Dictionary<string, Func<BridgeSection, BridgeSection>>
        {
            ["lazy"] = bridge => bridge with { ReloadsImmediately = false },
            ["immediate"] = bridge => bridge with { ReloadsImmediately = true },
        }, value => $"Error: Invalid 'bridge_reload_type' value in configuration ({value})."),
        Bridge.Text("bridge_bind_address", null, "Local address of the connection.", (bridge, value) => bridge with { BindAddress = value }),
        Bridge.Words("bridge_tcp_keepalive", null, "IDLE INTERVAL COUNT: TCP keepalive of the connection, in seconds.", BridgeLines.TcpKeepAlive),
        Bridge.Integer("bridge_tcp_user_timeout", null, 0, int.MaxValue, "Milliseconds after which unacknowledged bytes end the connection (Linux).",
            (bridge, value) => bridge with { TcpUserTimeout = (int)value }, _ => "Error: invalid TCP user timeout value."),
    ];

    // Too low a value is corrected with a notice, as Mosquitto does.
    private static ConfigurationOption AtLeast(
        string name, string fallback, int low, string summary, string notice, Func<BridgeSection, int, BridgeSection> set, int high = int.MaxValue, string? tooHigh = null) =>
        Bridge.Make(name, OptionKind.Integer, fallback, summary, (draft, line) =>
        {
            if (!OptionValue.TryInteger(line.Words[0], out var value)) return $"Error: '{name}' value not a number.";
            if (value is < int.MinValue or > int.MaxValue) return $"Error: '{name}' value out of range.";
            if (value > high) return tooHigh;
            if (value < low) draft.Note(LogTypes.Notice, notice, line.Place);
            draft.ChangeBridge(bridge => set(bridge, (int)Math.Max(value, low)));
            return null;
        }) with
        { Range = string.Create(CultureInfo.InvariantCulture, $"at least {low}") };

    private static string? Connection(ConfigurationDraft draft, OptionLine line)
    {
        var name = line.Words[0];
        if (!OptionValue.IsProperText(name)) return "Error: Malformed UTF-8 in configuration.";
        if (draft.Bridges.Exists(bridge => bridge.Name == name)) return $"Error: Duplicate bridge name '{name}'.";
        draft.AddBridge(new BridgeSection { Name = name, Place = line.Place });
        return null;
    }
}
