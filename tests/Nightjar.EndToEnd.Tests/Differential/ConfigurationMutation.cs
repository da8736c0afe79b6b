using System.Globalization;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Makes configuration files out of lines that are right and one or two that may not be. The last line is wrong, so that nobody starts to listen.</summary>
internal static class ConfigurationMutation
{
    /// <summary>What stands in the last line.</summary>
    public const string Last = "the_end_of_it";

    private static readonly string[] s_general =
    [
        "allow_anonymous true", "allow_duplicate_messages false", "allow_zero_length_clientid true", "auto_id_prefix auto-", "autosave_interval 60", "autosave_on_changes false",
        "check_retain_source true", "clientid_prefixes c", "connection_messages true", "max_inflight_bytes 0", "max_inflight_messages 20", "max_keepalive 100", "max_packet_size 1000",
        "max_queued_bytes 0", "max_queued_messages 100", "memory_limit 0", "message_size_limit 0", "per_listener_settings false", "persistence false", "persistence_file m.db",
        "persistence_location /tmp/", "persistent_client_expiration 2d", "pid_file /tmp/never-written.pid", "queue_qos0_messages false", "retain_available true", "set_tcp_nodelay false",
        "sys_interval 10", "upgrade_outgoing_qos false", "user mosquitto", "log_dest stderr", "log_type all", "log_facility 5", "log_timestamp true", "log_timestamp_format %Y", "acl_file /tmp/a", "password_file /tmp/p", "psk_file /tmp/k",
        "websockets_log_level 0",
    ];

    private static readonly string[] s_listener =
    [
        "bind_interface lo", "max_connections 10", "max_qos 1", "max_topic_alias 5", "mount_point a/", "protocol mqtt", "socket_domain ipv4", "use_username_as_clientid false",
        "cafile /tmp/ca", "capath /tmp", "certfile /tmp/c", "keyfile /tmp/k", "ciphers ALL", "ciphers_tls1.3 TLS_AES_128_GCM_SHA256", "crlfile /tmp/crl", "require_certificate true",
        "tls_version tlsv1.2", "use_identity_as_username true", "use_subject_as_username false", "psk_hint hint", "tls_keyform pem",
    ];

    private static readonly string[] s_bridge =
    [
        "address 127.0.0.1:1", "topic a/# out 0", "bridge_attempt_unsubscribe true", "bridge_bind_address 127.0.0.1", "bridge_max_packet_size 0", "bridge_outgoing_retain true", "bridge_protocol_version mqttv311",
        "cleansession false", "local_cleansession true", "idle_timeout 60", "keepalive_interval 60", "local_clientid l", "local_username u", "local_password p", "notifications true", "notifications_local_only false",
        "notification_topic n/t", "remote_clientid r", "remote_username u", "remote_password p", "restart_timeout 5 30", "round_robin false", "start_type automatic", "threshold 10", "try_private true",
        "bridge_alpn mqtt", "bridge_insecure false", "bridge_require_ocsp false",
    ];

    private static readonly string[] s_values =
        ["", " ", "x", "-1", "0", "1", "2", "65535", "65536", "99999999999", "0x10", "010", "1.5", "1x", "true", "false", "TRUE", "yes", "#", "a b", "\t5", "5\t", "5 # five", "/", "+", "a/#", "$SYS", "ü", "\"quoted\"", "3d", "3x", "5,4"];

    /// <summary>One file.</summary>
    public static string[] Make(Random random)
    {
        List<string> lines = [.. Pick(random, s_general), "listener 18830 127.0.0.1", .. Pick(random, s_listener)];
        if (random.Next(3) == 0) lines.AddRange(["connection bridge", .. Pick(random, s_bridge)]);
        for (var i = random.Next(1, 3); i > 0; i--) Mutate(lines, random);
        return [.. lines, Last];
    }

    private static IEnumerable<string> Pick(Random random, string[] from) => Enumerable.Range(0, random.Next(4)).Select(_ => from[random.Next(from.Length)]).Distinct();

    private static void Mutate(List<string> lines, Random random)
    {
        var from = random.Next(3) switch { 0 => s_general, 1 => s_listener, _ => s_bridge };
        var option = from[random.Next(from.Length)];
        var name = option.Split(' ')[0];
        var line = random.Next(12) switch
        {
            0 => option,
            1 => name,
            2 => name + " ",
            3 => name.ToUpperInvariant() + " 1",
            4 => name[..^1] + " 1",
            5 => " " + option,
            6 => option + " ",
            7 => option.Replace(" ", "  ", StringComparison.Ordinal),
            8 => "listener " + s_values[random.Next(s_values.Length)],
            _ => string.Create(CultureInfo.InvariantCulture, $"{name} {s_values[random.Next(s_values.Length)]}"),
        };
        lines.Insert(random.Next(lines.Count + 1), line);
    }
}
