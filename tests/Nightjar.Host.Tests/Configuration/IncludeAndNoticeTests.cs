using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Xunit;

namespace Nightjar.Host.Tests.Configuration;

/// <summary>include_dir, and what a configuration has to say at the start and at a reload.</summary>
public sealed class IncludeAndNoticeTests
{
    [Fact]
    public void IncludeDir_FilesOfADirectory_AreReadInMosquittosOrder()
    {
        using var directory = new TemporaryDirectory();
        string[] order = ["00", "01", "A", "a", "B", "b"];
        foreach (var name in order.Reverse()) directory.Write(name + ".conf", $"clientid_prefixes {name}", $"listener 1883 {name}");
        directory.Write("c.CONF", "nonsense");
        directory.Write("c.conf.bak", "nonsense");
        Directory.CreateDirectory(directory.File("d.conf"));
        var configuration = HostConfiguration.Parse([$"include_dir {directory.Path}"], "f");
        Assert.Empty(configuration.Errors);
        Assert.Equal(order, configuration.Listeners.Select(listener => listener.Host));
        Assert.Equal("b", configuration.Options.ClientIdPrefix);
    }

    [Fact]
    public void IncludeDir_ErrorsInFiles_AreReportedWithTheirFileAndReadingGoesOn()
    {
        using var directory = new TemporaryDirectory();
        var a = directory.Write("a.conf", "sys_interval 3", "nonsense");
        var b = directory.Write("b.conf", "include_dir /tmp", "max_qos 9");
        var configuration = HostConfiguration.Parse([$"include_dir {directory.Path}", "more nonsense"], "f");
        Assert.Equal(
            [
                "Error: Unknown configuration variable 'nonsense'.", $"Error found at {a}:2.",
                "Error: The include_dir option is only valid in the main configuration file.", $"Error found at {b}:1.",
                "Error: 'max_qos' must be between 0 and 2 inclusive.", $"Error found at {b}:2.",
                "Error: Unknown configuration variable 'more'.", "Error found at f:2.",
            ],
            configuration.Errors);
    }

    [Fact]
    public void IncludeDir_SectionsOfTheMainFile_AreNotContinuedInAFileAndAreAfterIt()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("a.conf", "mount_point x/", "listener 1884 127.0.0.1", "max_topic_alias 1");
        var configuration = HostConfiguration.Parse(["listener 1883 127.0.0.1", $"include_dir {directory.Path}", "max_topic_alias 2"], "f");
        Assert.Equal(["Error: The 'mount_point' option requires a listener to be defined first.", $"Error found at {file}:1."], configuration.Errors);
        Assert.Equal([2, 1], configuration.Listeners.Select(listener => (int)listener.Options.MaximumTopicAlias));
    }

    [Fact]
    public void IncludeDir_MissingDirectory_IsAnError() =>
        Assert.Equal(["Error: Unable to open include_dir '/nonexistent/d'.", "Error found at f:1."], HostConfiguration.Parse(["include_dir /nonexistent/d"], "f").Errors);

    [Theory]
    [InlineData("allow_duplicate_messages true", "The 'allow_duplicate_messages' option is now deprecated and will be removed in version 3.0. The behaviour will default to true.")]
    [InlineData("auto_id_prefix x", "The 'auto_id_prefix' option is now deprecated and will be removed in version 3.0. Please use 'listener_auto_id_prefix' instead.")]
    [InlineData("clientid_prefixes x", "The 'clientid_prefixes' option is now deprecated and will be removed in version 3.0.")]
    [InlineData("port 1883", "The 'port' option is now deprecated and will be removed in version 3.0. Please use 'listener' instead.")]
    [InlineData("bind_address 127.0.0.1", "The 'bind_address' option is now deprecated and will be removed in version 3.0.")]
    [InlineData("per_listener_settings false", "The 'per_listener_settings' option is now deprecated and will be removed in version 3.0. Please see the documentation for how to achieve the same effect.")]
    [InlineData("message_size_limit 5", "Note: It is recommended to replace `message_size_limit` with `max_packet_size`.")]
    public void Notices_DeprecatedOption_SayWhatMosquittoSays(string line, string notice) =>
        Assert.Contains(HostConfiguration.Parse([line], "f").Notices, found => found.Type == LogTypes.Notice && found.Text == notice);

    [Theory]
    [InlineData("connection b\naddress h\ntopic t", "bridge 'b' does not connect")]
    [InlineData("listener 9883\nprotocol http_api", "'protocol http_api' is not active yet: listener 9883 is not opened")]
    [InlineData("listener 9883\nprotocol websockets\nhttp_dir /x", "'http_dir' is not active yet")]
    [InlineData("listener 9883\nenable_proxy_protocol 1", "'enable_proxy_protocol' is not active yet")]
    [InlineData("plugin mosquitto_sparkplug_aware.so", "birth certificates are not copied")]
    [InlineData("log_dest dlt", "'log_dest dlt' is not available here")]
    [InlineData("listener 9883\nrequire_certificate true", "require_certificate has no effect without certfile and keyfile")]
    [InlineData("listener 9883\ntls_engine_kpass_sha1 0123456789012345678901234567890123456789", "tls_engine_kpass_sha1 has no effect")]
    [InlineData("listener 9883\ntls_version tlsv1.1", "tls_version tlsv1.1 means tlsv1.2")]
    [InlineData("listener 9883\nuse_identity_as_username true", "use_identity_as_username has no effect without TLS")]
    public void Notices_WhatIsNotActive_IsSaidOnce(string lines, string part)
    {
        var configuration = HostConfiguration.Parse(lines.Split('\n'), "f");
        Assert.Empty(configuration.Errors);
        var notice = Assert.Single(configuration.Notices, found => found.Type == LogTypes.Warning);
        Assert.StartsWith("Warning: ", notice.Text, StringComparison.Ordinal);
        Assert.Contains(part, notice.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Make_DynamicSecurityPlugins_HoldForTheirListeners()
    {
        var configuration = HostConfiguration.Parse(
            [
                "per_listener_settings true", "global_plugin /usr/lib/mosquitto_dynamic_security.so", "plugin_opt_config_file all",
                "listener 1883 127.0.0.1", "listener 1884 127.0.0.1", "password_file p",
            ],
            "f");
        Assert.Empty(configuration.Errors);
        Assert.All(ListenerPlan.Make(configuration, [], []), plan => Assert.Equal(new DynamicSecuritySection("all", null, true), plan.Security.DynamicSecurity));

        configuration = HostConfiguration.Parse(
            [
                "plugin_load d C:\\mosquitto\\mosquitto_dynamic_security.dll", "plugin_opt_config_file x", "plugin_opt_password_init_file y", "auth_plugin_deny_special_chars false",
                "listener 1883 127.0.0.1", "plugin_use d", "listener 1884 127.0.0.1",
            ],
            "f");
        Assert.Empty(configuration.Errors);
        var plans = ListenerPlan.Make(configuration, [], []);
        Assert.Equal([new DynamicSecuritySection("x", "y", false), null], plans.Select(plan => plan.Security.DynamicSecurity));
        Assert.Equal(["1883 127.0.0.1", ""], plans.Select(plan => plan.Options.SecurityDomain));
    }

    [Fact]
    public void Parse_TwoDynamicSecurityFilesForOneListener_IsAnError()
    {
        var configuration = HostConfiguration.Parse(
            ["listener 1883", "plugin mosquitto_dynamic_security.so", "plugin_opt_config_file a", "plugin mosquitto_dynamic_security.so", "plugin_opt_config_file b"], "f");
        Assert.Contains("Both 'a' and 'b' are given as config_file", string.Join('\n', configuration.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Make_HttpApiOnly_HasNothingToListenOn()
    {
        List<string> errors = [];
        Assert.Empty(ListenerPlan.Make(HostConfiguration.Parse(["listener 9883", "protocol http_api"], "f"), [], errors));
        Assert.Equal(["Error: Unable to start any listening sockets, exiting."], errors);
    }

    [Fact]
    public void ChangesFrom_OtherOptions_AreNamedWithOldAndNewAndSecretsMasked()
    {
        string[] common = ["listener 1883 127.0.0.1", "max_qos 1", "connection a", "address h", "topic t"];
        var before = HostConfiguration.Parse([.. common, "remote_password one", "max_keepalive 0x10", "listener 1884", "user a"], "f");
        var after = HostConfiguration.Parse(
            ["max_queued_messages 5", "allow_anonymous true", "user b", "max_keepalive 16", .. common, "remote_password two", "max_connections 3", "listener 1885", "plugin mosquitto_persist_sqlite.so"], "f");
        Assert.Equal(
            [
                "user: a -> b (takes effect at the next start)",
                "max_queued_messages: 1000 -> 5",
                "allow_anonymous: false -> true",
                "listener 1884: removed",
                "max_connections of listener 1883 127.0.0.1: -1 -> 3",
                "listener 1885: added",
                "remote_password of bridge a: ***** -> *****",
                "plugin mosquitto_persist_sqlite.so: added",
            ],
            after.ChangesFrom(before).Select(change => change.ToString()));
        Assert.Empty(after.ChangesFrom(after));
    }

    [Fact]
    public void ChangesFrom_AnAliasForTheSameValue_IsNoChange() =>
        Assert.Empty(HostConfiguration.Parse(["listener 1883", "maximum_qos 01"], "f").ChangesFrom(HostConfiguration.Parse(["listener 1883", "max_qos 1"], "f")));

    [Theory]
    [InlineData("log_dest stdout|log_dest topic", (int)(LogDestinations.Stdout | LogDestinations.Topic))]
    [InlineData("log_dest stdout|log_dest none", (int)(LogDestinations.None))]
    [InlineData("log_dest none|log_dest syslog", (int)(LogDestinations.Syslog))]
    [InlineData("log_dest stdout unbuffered", (int)(LogDestinations.Stdout))]
    public void LogDest_SeveralLines_AddUp(string lines, int destinations) =>
        Assert.Equal((LogDestinations)destinations, HostConfiguration.Parse(lines.Split('|'), "f").Log.Destinations);

    [Theory]
    [InlineData("log_type error|log_type debug", (int)(LogTypes.Error | LogTypes.Debug))]
    [InlineData("log_type all", (int)(LogTypes.All))]
    [InlineData("log_type all|log_type none", (int)(LogTypes.None))]
    [InlineData("log_type none|log_type notice", (int)(LogTypes.Notice))]
    [InlineData("sys_interval 1", (int)LogTypes.Default)]
    public void LogType_SeveralLines_AddUp(string lines, int types) =>
        Assert.Equal((LogTypes)types, HostConfiguration.Parse(lines.Split('|'), "f").Log.Types);
}
