using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Options;
using Xunit;

namespace Nightjar.Host.Tests.Configuration;

/// <summary>Every option of the table: values that are taken, values that are refused and how, and where it may stand.</summary>
public sealed class OptionTableTests
{
    private static readonly int LineOfCase = OptionCases.Context.Length + 1;

    public static TheoryData<string> Lines => [.. OptionCases.All.Select(option => option.Line)];

    // include_dir needs files; it has tests of its own.
    public static TheoryData<string> Names => [.. OptionTable.All.Select(option => option.Name.Replace("*", "x", StringComparison.Ordinal))];

    private static HostConfiguration WithContext(params string[] lines) => HostConfiguration.Parse([.. OptionCases.Context, .. lines], "f");

    private static void IsRefused(HostConfiguration configuration, string error, int line)
    {
        Assert.Equal([error, $"Error found at f:{line}."], configuration.Errors.Take(2));
    }

    [Fact]
    public void Cases_OfTheTable_AreThereForEveryOption()
    {
        var covered = OptionCases.All.SelectMany(option => option.Line.Split('\n')).Select(line => OptionTable.Find(line.Split(' ')[0])!.Name).Append("include_dir");
        Assert.Empty(OptionTable.All.Select(option => option.Name).Except(covered));
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Parse_AcceptedValue_BecomesWhatItSays(string line)
    {
        var (_, read, expected) = OptionCases.All.First(option => option.Line == line);
        var lines = line.Split('\n');

        // Has to be the first line of all.
        var configuration = line.StartsWith("per_listener_settings", StringComparison.Ordinal) ? HostConfiguration.Parse(lines, "f") : WithContext(lines);
        Assert.Empty(configuration.Errors);
        Assert.Equal(expected, read(configuration));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_NoValue_IsAnError(string name)
    {
        var option = OptionTable.Find(name)!;
        if (option.MayBeEmpty) Assert.Empty(WithContext(name).Errors);
        else IsRefused(WithContext(name), $"Error: Empty '{name}' value in configuration.", LineOfCase);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_WithoutItsSection_IsAnError(string name)
    {
        var option = OptionTable.Find(name)!;
        var needs = option.Scope switch
        {
            OptionScope.Listener or OptionScope.NamedListener => "a listener to be defined first.",
            OptionScope.Bridge => "a bridge to be defined first.",
            OptionScope.Plugin => "plugin/global_plugin/plugin_load to be defined first.",
            _ => null,
        };
        if (needs is not null) IsRefused(HostConfiguration.Parse([$"{name} 1"], "f"), $"Error: The '{name}' option requires {needs}", 1);
        else Assert.DoesNotContain(HostConfiguration.Parse([$"{name} 1"], "f").Errors, error => error.Contains("requires", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_PerListenerOptionWithoutListener_IsAnErrorWithPerListenerSettings(string name)
    {
        var configuration = HostConfiguration.Parse(["per_listener_settings true", $"{name} 1"], "f");
        if (OptionTable.Find(name)!.Scope == OptionScope.PerListener) IsRefused(configuration, $"Error: The '{name}' option requires a listener to be defined first.", 2);
        else Assert.DoesNotContain(configuration.Errors, error => error == $"Error: The '{name}' option requires a listener to be defined first." && OptionTable.Find(name)!.Scope is OptionScope.General or OptionScope.ListenerOrDefault);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parse_ValueOfAnotherKind_IsAnError(string name)
    {
        var option = OptionTable.Find(name)!;
        switch (option.Kind)
        {
            case OptionKind.Boolean:
                IsRefused(WithContext($"{name} yes"), $"Error: Invalid '{name}' value (yes).", LineOfCase);
                break;
            case OptionKind.Integer:
                IsRefused(WithContext($"{name} 1x"), $"Error: '{name}' value not a number.", LineOfCase);
                IsRefused(WithContext($"{name} -99999999999999999999999"), $"Error: '{name}' value out of range.", LineOfCase);
                break;
            case OptionKind.Text when !option.MayBeEmpty && !option.IsStructure && option.Scope != OptionScope.Plugin:
                IsRefused(WithContext($"{name} a\u0001b"), "Error: Malformed UTF-8 in configuration.", LineOfCase);
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void Parse_GivenTwice_IsTakenOrRefusedAsTheTableSays(string line)
    {
        var first = line.Split('\n')[0];
        var option = OptionTable.Find(first.Split(' ')[0])!;
        if (option.IsStructure || option.Repetition == OptionRepetition.Adds) return;
        var twice = WithContext(first, first);
        var duplicate = $"Error: Duplicate '{option.Name}' value in configuration.";
        if (option.Repetition == OptionRepetition.IsAnError) IsRefused(twice, duplicate, LineOfCase + 1);
        else Assert.DoesNotContain(duplicate, twice.Errors);
    }

    [Fact]
    public void Aliases_OfTheTable_MeanOptionsOfTheTable() =>
        Assert.All(OptionTable.All.Where(option => option.AliasOf is not null), option => Assert.NotNull(OptionTable.Find(option.CanonicalName)));

    [Theory]
    [InlineData("max_packet_size 19", "Error: 'max_packet_size' must be >= 20.")]
    [InlineData("max_inflight_messages 65536", "Error: 'max_inflight_messages' must be <= 65535.")]
    [InlineData("max_keepalive 65536", "Error: Invalid 'max_keepalive' value (65536).")]
    [InlineData("max_keepalive -1", "Error: Invalid 'max_keepalive' value (-1).")]
    [InlineData("message_size_limit 268435456", "Error: Invalid 'message_size_limit' value (268435456).")]
    [InlineData("memory_limit -1", "Error: Invalid 'memory_limit' value (-1).")]
    [InlineData("sys_interval 65536", "Error: Invalid 'sys_interval' value (65536).")]
    [InlineData("max_queued_messages 2147483648", "Error: 'max_queued_messages' value out of range.")]
    [InlineData("max_topic_levels 0", "Error: 'max_topic_levels' value out of range.")]
    [InlineData("connect_timeout 3601", "Error: 'connect_timeout' value out of range.")]
    [InlineData("packet_buffer_size 65536", "Error: Packet buffer size must be between 0 and 65535 inclusive.")]
    [InlineData("retain_expiry_interval 0", "Error: retain_expiry_interval must be >= 1.")]
    [InlineData("persistent_client_expiration 3x", "Error: Invalid 'persistent_client_expiration' duration in configuration.")]
    [InlineData("persistent_client_expiration 0d", "Error: Invalid 'persistent_client_expiration' duration in configuration.")]
    [InlineData("compat_mode loose", "Error: Invalid 'compat_mode' value (loose).")]
    [InlineData("log_dest nowhere", "Error: Invalid 'log_dest' value (nowhere).")]
    [InlineData("log_dest file", "Error: Empty \"log_dest file\" value in configuration.")]
    [InlineData("log_type everything", "Error: Invalid 'log_type' value (everything).")]
    [InlineData("log_facility 8", "Error: Invalid 'log_facility' value (8).")]
    [InlineData("log_format xml", "Error: Invalid 'log_format' value (xml).")]
    [InlineData("auto_id_prefix 123456789012345678901234567890123456789012345678901", "Error: auto_id_prefix length must be <= 50.")]
    [InlineData("listener_auto_id_prefix 123456789012345678901234567890123456789012345678901", "Error: 'listener_auto_id_prefix' length must be <= 50.")]
    [InlineData("listener x", "Error: 'listener port' value not a number.")]
    [InlineData("listener 70000", "Error: Invalid 'port' value (70000).")]
    [InlineData("listener 0", "Error: A listener with port 0 must provide a Unix socket path.")]
    // More than an address of a socket has room for.
    [InlineData("listener 0 /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "Error: The Unix socket path '/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' is longer than 107 bytes.")]
    [InlineData("listener 0 # path", "Error: A listener with port 0 must provide a Unix socket path.")]
    [InlineData("port 0", "Error: Invalid 'port' value (0).")]
    [InlineData("max_qos 3", "Error: 'max_qos' must be between 0 and 2 inclusive.")]
    [InlineData("max_topic_alias 65536", "Error: Invalid 'max_topic_alias' value in configuration.")]
    [InlineData("max_topic_alias_broker -1", "Error: Invalid 'max_topic_alias_broker' value in configuration.")]
    [InlineData("accept_protocol_versions 4,6", "Error: Invalid 'accept_protocol_versions' value (6).")]
    [InlineData("accept_protocol_versions ,", "Error: Empty 'accept_protocol_versions' value in configuration.")]
    [InlineData("socket_domain ipx", "Error: Invalid 'socket_domain' value 'ipx' in configuration.")]
    [InlineData("protocol coap", "Error: Invalid 'protocol' value (coap).")]
    [InlineData("enable_proxy_protocol 3", "Error: enable_proxy_protocol must be 1 or 2.")]
    [InlineData("mount_point a/+/", "Error: Invalid mount_point 'a/+/'. Does it contain a wildcard character?")]
    [InlineData("allow_from 10.0.0.1/8", "Error: Invalid 'allow_from' value (10.0.0.1/8). An IPv4 or IPv6 address, or ADDRESS/BITS without bits set behind the prefix.")]
    [InlineData("deny_from localhost", "Error: Invalid 'deny_from' value (localhost). An IPv4 or IPv6 address, or ADDRESS/BITS without bits set behind the prefix.")]
    [InlineData("deny_from 10.1", "Error: Invalid 'deny_from' value (10.1). An IPv4 or IPv6 address, or ADDRESS/BITS without bits set behind the prefix.")]
    [InlineData("tls_version sslv3", "Error: Invalid 'tls_version' value (sslv3). It must be tlsv1.2 or tlsv1.3.")]
    [InlineData("tls_keyform der", "Error: Invalid 'tls_keyform' value (der).")]
    [InlineData("tls_engine_kpass_sha1 abc", "Error: 'tls_engine_kpass_sha1' must be a SHA-1 of 40 hexadecimal digits.")]
    [InlineData("plugin_load name", "Error: Empty 'plugin_load' value in configuration.")]
    [InlineData("plugin_use name", "Error: Plugin 'name' not previously loaded.")]
    [InlineData("plugin_opt_ x", "Error: Invalid 'plugin_opt_' config option.")]
    [InlineData("connection a", "Error: Duplicate bridge name 'a'.")]
    [InlineData("address other", "Error: Invalid bridge configuration, 'address' only allowed once.")]
    [InlineData("topic \"a b out 0", "Error: Missing closing quote in topic value (\"a b out 0).")]
    [InlineData("topic a sideways", "Error: Invalid bridge topic direction 'sideways'.")]
    [InlineData("topic a 1", "Error: Invalid bridge topic direction '1'.")]
    [InlineData("topic a out 3", "Error: Invalid bridge QoS level '3'.")]
    [InlineData("topic a out 0 l/# r/", "Error: Invalid bridge topic local prefix 'l/#'.")]
    [InlineData("topic a out 0 l/ r/+", "Error: Invalid bridge topic remote prefix 'r/+'.")]
    [InlineData("topic a/#/b out 0", "Error: Invalid bridge topic local prefix and pattern combination 'a/#/b'.")]
    [InlineData("topic # out 0 l r/", "Error: Invalid bridge topic local prefix and pattern combination 'l#'.")]
    [InlineData("topic \"\" out 0", "Error: Invalid bridge remapping.")]
    [InlineData("topic \"\" out 0 l \"\"", "Error: Invalid bridge remapping.")]
    [InlineData("topic \"\" out 0 \"\" r", "Error: Invalid bridge remapping.")]
    [InlineData("bridge_max_topic_alias 65536", "Error: bridge_max_topic_alias must be > 0 and <= 65535.")]
    [InlineData("bridge_receive_maximum 0", "Error: bridge_receive_maximum must be greater than 0.")]
    [InlineData("bridge_receive_maximum 65536", "Error: bridge_receive_maximum must be lower than 65535.")]
    [InlineData("bridge_session_expiry_interval -1", "Error: bridge_session_expiry_interval must not be negative.")]
    [InlineData("bridge_protocol_version mqttv4", "Error: Invalid 'bridge_protocol_version' value (mqttv4).")]
    [InlineData("bridge_reload_type soon", "Error: Invalid 'bridge_reload_type' value in configuration (soon).")]
    [InlineData("bridge_tls_version tls", "Error: Invalid 'bridge_tls_version' value (tls). It must be tlsv1.2 or tlsv1.3.")]
    [InlineData("bridge_psk xyz", "Error: 'bridge_psk' must be hexadecimal digits, without a leading 0x.")]
    [InlineData("bridge_tcp_keepalive 1 2", "Error: Empty 'bridge_tcp_keepalive_counter' value in configuration.")]
    [InlineData("bridge_tcp_keepalive 1 0 2", "Error: invalid TCP keepalive interval value.")]
    [InlineData("bridge_tcp_user_timeout -1", "Error: invalid TCP user timeout value.")]
    [InlineData("keepalive_interval 65536", "Error: Bridge keepalive value too high.")]
    [InlineData("restart_timeout 10 5", "Error: backoff cap is lower than the base in restart_timeout.")]
    [InlineData("restart_timeout 10 20 -1", "Error: stable connection period cannot be negative.")]
    [InlineData("start_type manual", "Error: Manual start_type not supported.")]
    [InlineData("start_type never", "Error: Invalid 'start_type' value in configuration (never).")]
    public void Parse_ValueOutsideItsRange_IsAnErrorInMosquittosWords(string line, string error) => IsRefused(WithContext(line), error, LineOfCase);

    [Theory]
    [InlineData("connection b\naddress\ntopic t", "Error: Empty 'address' value in configuration.")]
    [InlineData("connection b\naddress # none\ntopic t", "Error: Empty address value in configuration.")]
    [InlineData("connection b\naddress h:0\ntopic t", "Error: Invalid bridge port value (0).")]
    [InlineData("connection b\naddress h:x\ntopic t", "Error: Invalid bridge port value (0).")]
    [InlineData("connection b\naddress h", "Error: Invalid bridge configuration: no topics defined.")]
    [InlineData("connection b\ntopic t", "Error: Invalid bridge configuration: no remote addresses defined.")]
    [InlineData("bridge_psk 11", "Error: Invalid bridge configuration: missing bridge_identity.")]
    [InlineData("bridge_identity i", "Error: Invalid bridge configuration: missing bridge_psk.")]
    [InlineData("bridge_identity i\nbridge_psk 11\nbridge_cafile c", "Error: Cannot use both certificate and psk encryption in a single bridge.")]
    [InlineData("local_clientid x\nconnection b\naddress h\ntopic t\nlocal_clientid x", "Error: Bridge local_clientid 'x' is not unique. Try changing or setting the local_clientid value for one of the bridges.")]
    [InlineData("certfile c", "Error: Both certfile and keyfile must be provided to enable a TLS listener.")]
    [InlineData("keyfile k", "Error: Both certfile and keyfile must be provided to enable a TLS listener.")]
    [InlineData("cafile c", "Error: cafile specified without certfile and keyfile.")]
    [InlineData("capath c", "Error: capath specified without certfile and keyfile.")]
    [InlineData("certfile c\nkeyfile k\npsk_hint h", "Error: Cannot use both certificate and psk encryption in a single listener.")]
    [InlineData("certfile c\nkeyfile k\nenable_proxy_protocol 2", "Error: certfile and keyfile cannot be used with `enable_proxy_protocol 2`.")]
    [InlineData("use_subject_as_username true\nenable_proxy_protocol 2", "Error: use_subject_as_username cannot be used with `enable_proxy_protocol 2`.")]
    [InlineData("listener 1883 127.0.0.1", "Error: Listener 1883 127.0.0.1 is defined twice.")]
    [InlineData("persistence true", "Error: 'persistence true' cannot be combined with a persistence plugin.")]
    [InlineData("plugin mosquitto_acl_file.so", "Error: Plugin 'mosquitto_acl_file.so' needs plugin_opt_acl_file.")]
    [InlineData("plugin mosquitto_password_file.so", "Error: Plugin 'mosquitto_password_file.so' needs plugin_opt_password_file.")]
    [InlineData("acl_file a\nplugin mosquitto_acl_file.so\nplugin_opt_acl_file b", "Error: Both 'a' and 'b' are given as acl_file for the same clients; put their lines into one file.")]
    [InlineData("plugin_load n mosquitto_acl_file.so\nplugin_opt_acl_file b\nglobal_plugin mosquitto_acl_file.so\nplugin_opt_acl_file a\nlistener 1884\nplugin_use n", "Error: Both 'a' and 'b' are given as acl_file for the clients of listener 1884; put their lines into one file.")]
    [InlineData("plugin mosquitto_dynamic_security.so\nplugin_opt_config_file a\nplugin x/mosquitto_dynamic_security.so\nplugin_opt_config_file b", "Error: Both 'a' and 'b' are given as config_file for the same clients; name the same file in both places, or remove one of the plugins.")]
    [InlineData("plugin_load n mosquitto_dynamic_security.so\nplugin_opt_config_file b\nplugin mosquitto_dynamic_security.so\nplugin_opt_config_file a\nlistener 1884\nplugin_use n", "Error: Both 'a' and 'b' are given as config_file for the clients of listener 1884; name the same file in both places, or remove one of the plugins.")]
    [InlineData("plugin_load n mosquitto_dynamic_security.so\nplugin_opt_config_file a\nplugin mosquitto_dynamic_security.so\nplugin_opt_config_file a\nauth_plugin_deny_special_chars false", "Error: auth_plugin_deny_special_chars is true and false for the plugins with config_file 'a'; give it the same value for both.")]
    [InlineData("plugin_load n mosquitto_sparkplug_aware.so\nplugin_load n mosquitto_sparkplug_aware.so", "Error: Duplicate plugin name 'n'.")]
    [InlineData("log_dest file a\nlog_dest file b", "Error: Duplicate \"log_dest file\" value.")]
    public void Parse_SectionThatDoesNotHoldTogether_IsAnErrorWithALine(string lines, string error)
    {
        var configuration = WithContext(lines.Split('\n'));
        var index = configuration.Errors.ToList().IndexOf(error);
        Assert.True(index >= 0, string.Join('\n', configuration.Errors));
        Assert.StartsWith("Error found at f:", configuration.Errors[index + 1], StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_GlobalPluginAndAnotherFileOfAListener_IsAnErrorWithTheListener()
    {
        var configuration = HostConfiguration.Parse(
            ["per_listener_settings true", "global_plugin mosquitto_dynamic_security.so", "plugin_opt_config_file a", "listener 1884", "plugin mosquitto_dynamic_security.so", "plugin_opt_config_file b"], "f");
        Assert.Equal(
            ["Error: Both 'a' and 'b' are given as config_file for the clients of listener 1884; name the same file in both places, or remove one of the plugins.", "Error found at f:5."],
            configuration.Errors);
    }

    [Fact]
    public void Parse_PluginOfSomebodyElse_IsAnErrorThatSaysWhatToDo()
    {
        var configuration = HostConfiguration.Parse(["listener 1883", "plugin /usr/lib/go-auth.so", "plugin_opt_x y"], "f");
        Assert.StartsWith("Error: Unable to load plugin '/usr/lib/go-auth.so': native plugins cannot be loaded", configuration.Errors[0], StringComparison.Ordinal);
        Assert.Equal("Error found at f:2.", configuration.Errors[1]);
    }
}
