using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Protocol;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Listeners and what holds for the clients of one.</summary>
internal static class ListenerOptionTable
{
    private static readonly Define<ListenerSection> Own = Define(OptionScope.Listener);
    private static readonly Define<ListenerSection> OwnOrDefault = Define(OptionScope.ListenerOrDefault);
    private static readonly Define<ListenerSection> Named = Define(OptionScope.NamedListener);

    internal static IEnumerable<ConfigurationOption> All()
    {
        var qos = OwnOrDefault.Integer("max_qos", "2", 0, 2, "Highest QoS the listener accepts.",
            (listener, value) => With(listener, listener.Options with { MaximumQoS = (QualityOfService)value }), _ => "Error: 'max_qos' must be between 0 and 2 inclusive.");
        return
        [
            Structure("listener", "Listen on PORT [ADDRESS], or on 0 PATH for a unix domain socket; without an address on all. May be given several times.", Listener),
            Structure("port", "Port of the default listener.", Port) with { Deprecation = "Please use 'listener' instead." },
            Structure("bind_address", "Address of the default listener.", BindAddress) with { Deprecation = "" },
            Named.Words("accept_protocol_versions", "3,4,5", "Versions accepted: 3 (MQTT 3.1), 4 (3.1.1), 5 (5.0), with commas or spaces between them.", AcceptedVersions),
            OwnOrDefault.Text("bind_interface", null, "Network device to listen on (Linux).", (listener, value) => With(listener, listener.Options with { BindInterface = value })),
            OwnOrDefault.Choice("socket_domain", null, "ipv4 or ipv6: listen on addresses of that kind only.", new Dictionary<string, Func<ListenerSection, ListenerSection>>
            {
                ["ipv4"] = listener => listener with { SocketDomain = AddressFamily.InterNetwork },
                ["ipv6"] = listener => listener with { SocketDomain = AddressFamily.InterNetworkV6 },
            }, value => $"Error: Invalid 'socket_domain' value '{value}' in configuration."),
            OwnOrDefault.Choice("protocol", "mqtt", "What the listener speaks: mqtt, websockets or http_api.", new Dictionary<string, Func<ListenerSection, ListenerSection>>
            {
                ["mqtt"] = listener => With(listener with { IsHttpApi = false }, listener.Options with { Protocol = ListenerProtocol.Mqtt }),
                ["websockets"] = listener => With(listener with { IsHttpApi = false }, listener.Options with { Protocol = ListenerProtocol.WebSockets }),
                ["http_api"] = listener => listener with { IsHttpApi = true },
            }),
            Own.Text("websockets_origin", null, "Origin of web pages whose scripts may connect over WebSocket, compared exactly; without it any. May be given several times.",
                (listener, value) => With(listener, listener.Options with { AllowedOrigins = [.. listener.Options.AllowedOrigins, value] }), OptionRepetition.Adds),
            Own.Text("http_dir", null, "Directory of files that a listener with protocol http_api serves.", (listener, value) => listener with { HttpDirectory = value }),
            Own.Integer("enable_proxy_protocol", null, 1, 2, "Version of the PROXY protocol that connections begin with: 1 or 2.",
                (listener, value) => listener with { ProxyProtocol = (int)value }, _ => "Error: enable_proxy_protocol must be 1 or 2."),
            Own.Boolean("proxy_protocol_v2_require_tls", false, "Whether the proxy must have been reached over TLS.", (listener, value) => listener with { ProxyProtocolRequiresTls = value }),
            OwnOrDefault.Integer("max_connections", "-1", -1, int.MaxValue, "Most connections of the listener; -1: no limit.",
                (listener, value) => With(listener, listener.Options with { MaximumConnections = (int)value }), below: -1),
            qos,
            qos.As("maximum_qos"),
            Own.Integer("max_topic_alias", "10", 0, 65_535, "Topic aliases a client may use towards the broker.",
                (listener, value) => With(listener, listener.Options with { MaximumTopicAlias = (ushort)value }), _ => "Error: Invalid 'max_topic_alias' value in configuration."),
            Own.Integer("max_topic_alias_broker", "10", 0, 65_535, "Topic aliases the broker uses towards a client.",
                (listener, value) => With(listener, listener.Options with { MaximumTopicAliasBroker = (ushort)value }), _ => "Error: Invalid 'max_topic_alias_broker' value in configuration."),
            Own.Text("mount_point", null, "Put in front of every topic of the listener's clients, and taken off again towards them.",
                (listener, value) => With(listener, listener.Options with { MountPoint = value }), OptionRepetition.Replaces, MountPoint),
            Own.Boolean("listener_allow_anonymous", null, "Whether clients without a user name are let in here; without it as allow_anonymous.",
                (listener, value) => listener with { Security = listener.Security with { AllowAnonymous = value } }),
            Own.Text("listener_auto_id_prefix", null, "What client ids assigned here begin with; at most 50 bytes.",
                (listener, value) => listener with { Security = listener.Security with { AutoIdPrefix = value } }, OptionRepetition.Replaces,
                value => Encoding.UTF8.GetByteCount(value) > SecurityOptions.MaximumPrefix ? "Error: 'listener_auto_id_prefix' length must be <= 50." : null),
            OwnOrDefault.Boolean("use_username_as_clientid", false, "Whether the user name takes the place of the client id; without one a client is refused.",
                (listener, value) => With(listener, listener.Options with { UseUserNameAsClientId = value })),
            OwnOrDefault.Words("allow_from", null, "Addresses or ranges (ADDRESS/BITS) whose connections are accepted; without it all. May be given several times. Ours.",
                (listener, line) => Networks(line, networks => With(listener, listener.Options with { AllowFrom = [.. listener.Options.AllowFrom, .. networks] }))) with { Repetition = OptionRepetition.Adds },
            OwnOrDefault.Words("deny_from", null, "Addresses or ranges (ADDRESS/BITS) whose connections are closed; wins over allow_from. May be given several times. Ours.",
                (listener, line) => Networks(line, networks => With(listener, listener.Options with { DenyFrom = [.. listener.Options.DenyFrom, .. networks] }))) with { Repetition = OptionRepetition.Adds },
        ];
    }

    private static Define<ListenerSection> Define(OptionScope scope) => new(OptionArea.Listeners, scope, (draft, change) => draft.ChangeListener(change));

    private static ListenerSection With(ListenerSection listener, ListenerOptions options) => listener with { Options = options };

    private static ConfigurationOption Structure(string name, string summary, Func<ConfigurationDraft, OptionLine, string?> apply) =>
        new(name, OptionArea.Listeners, OptionScope.General, OptionKind.Words, null, summary, apply) { IsStructure = true, Repetition = OptionRepetition.Adds };

    // What fits into the operating system's address of a socket, which ends with NUL.
    private const int LongestUnixPath = 107;

    private static string? Listener(ConfigurationDraft draft, OptionLine line)
    {
        if (!OptionValue.TryInteger(line.Words[0], out var port)) return "Error: 'listener port' value not a number.";
        if (port is < int.MinValue or > int.MaxValue) return "Error: 'listener port' value out of range.";
        if (port is < 0 or > 65_535) return $"Error: Invalid 'port' value ({port}).";
        // A comment is tolerated here, and only here.
        var place = line.Words.Length > 1 && line.Words[1][0] != '#' ? line.Words[1] : null;
        if (place is null && port == 0) return "Error: A listener with port 0 must provide a Unix socket path.";
        if (place is not null && !OptionValue.IsProperText(place)) return "Error: Malformed UTF-8 in configuration.";
        if (port == 0 && Encoding.UTF8.GetByteCount(place!) > LongestUnixPath) return $"Error: The Unix socket path '{place}' is longer than {LongestUnixPath} bytes.";
        draft.IsLocalOnly = false;
        draft.AddListener(new ListenerSection { Port = (int)port, Host = port == 0 ? null : place, UnixPath = port == 0 ? place : null, Place = line.Place });
        return null;
    }

    private static string? Port(ConfigurationDraft draft, OptionLine line)
    {
        if (!OptionValue.TryInteger(line.Words[0], out var port)) return "Error: 'port' value not a number.";
        if (port is < int.MinValue or > int.MaxValue) return "Error: 'port' value out of range.";
        if (port is < 1 or > 65_535) return string.Create(CultureInfo.InvariantCulture, $"Error: Invalid 'port' value ({port}).");
        draft.IsLocalOnly = false;
        draft.UseDefaultListener(line.Place);
        if (draft.Listener.HasPortLine)
            draft.Note(LogTypes.Warning, "Warning: Default listener port specified multiple times. Only the latest will be used.", line.Place);
        draft.ChangeListener(listener => listener with { Port = (int)port, HasPortLine = true });
        return null;
    }

    private static string? BindAddress(ConfigurationDraft draft, OptionLine line)
    {
        if (!OptionValue.IsProperText(line.Value)) return "Error: Malformed UTF-8 in configuration.";
        draft.IsLocalOnly = false;
        draft.UseDefaultListener(line.Place);
        if (draft.Listener.Host is not null) return "Error: Duplicate 'default listener bind_address' value in configuration.";
        draft.ChangeListener(listener => listener with { Host = line.Value });
        return null;
    }

    private static (ListenerSection? Section, string? Error) AcceptedVersions(ListenerSection listener, OptionLine line)
    {
        var versions = new List<ProtocolVersion>();
        foreach (var word in line.Value.Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            ProtocolVersion? version = word switch { "3" => ProtocolVersion.Mqtt31, "4" => ProtocolVersion.Mqtt311, "5" => ProtocolVersion.Mqtt50, _ => null };
            if (version is null) return (null, line.Invalid(word));
            if (!versions.Contains(version.Value)) versions.Add(version.Value);
        }

        return versions.Count == 0 ? (null, line.Empty) : (With(listener, listener.Options with { AcceptedVersions = versions }), null);
    }

    private static string? MountPoint(string value) => TopicName.IsValid(Encoding.UTF8.GetBytes(value))
        ? null
        : $"Error: Invalid mount_point '{value}'. Does it contain a wildcard character?";

    private static (ListenerSection? Section, string? Error) Networks(OptionLine line, Func<List<IPNetwork>, ListenerSection> change)
    {
        var networks = new List<IPNetwork>();
        foreach (var word in line.Words)
        {
            if (!TryNetwork(word, out var network)) return (null, $"{line.Invalid(word)} An IPv4 or IPv6 address, or ADDRESS/BITS without bits set behind the prefix.");
            networks.Add(network);
        }

        return (change(networks), null);
    }

    private static bool TryNetwork(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);

        // Bits behind the prefix are cut off silently by the parser: 10.1.2.3/8 is more likely a mistake.
        if (slash >= 0) return IPNetwork.TryParse(text, out network) && IPAddress.TryParse(text.AsSpan(0, slash), out var written) && HasNothingBehind(written, network.PrefixLength);
        // Three dots keep "10" and "10.1" out, which would be read as 0.0.0.10 and 10.0.0.1.
        if (!IPAddress.TryParse(text, out var address) || (address.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') != 3)) return false;
        network = new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        return true;
    }

    private static bool HasNothingBehind(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < bytes.Length * 8; bit++)
        {
            if ((bytes[bit / 8] & (0x80 >> (bit % 8))) != 0) return false;
        }

        return true;
    }
}
