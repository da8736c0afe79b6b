using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Host.Tests.Configuration;

/// <summary>The grammar, the sections and what they become.</summary>
public sealed class HostConfigurationTests
{
    private static HostConfiguration Parsed(params string[] lines)
    {
        var configuration = HostConfiguration.Parse(lines, "f");
        Assert.Empty(configuration.Errors);
        return configuration;
    }

    private static IReadOnlyList<ListenerPlan> Planned(HostConfiguration configuration, params int[] ports)
    {
        List<string> errors = [];
        var plans = ListenerPlan.Make(configuration, ports, errors);
        Assert.Empty(errors);
        return plans;
    }

    [Fact]
    public void Parse_UnknownOption_SaysWhichAndWhere()
    {
        var configuration = HostConfiguration.Parse(["# comment", "allow_anonimous true"], "nj.conf");
        Assert.Equal(["Error: Unknown configuration variable 'allow_anonimous'.", "Error found at nj.conf:2."], configuration.Errors);
    }

    [Fact]
    public void Parse_SeveralErrors_ReportsAllWithTheirLines()
    {
        var configuration = HostConfiguration.Parse(["nonsense 1", "listener 1883 127.0.0.1", "max_qos 3", "certfile a", "connection b"], "f");
        Assert.Equal(
            [
                "Error: Unknown configuration variable 'nonsense'.", "Error found at f:1.",
                "Error: 'max_qos' must be between 0 and 2 inclusive.", "Error found at f:3.",
                "Error: Both certfile and keyfile must be provided to enable a TLS listener.", "Error found at f:2.",
                "Error: Invalid bridge configuration: no remote addresses defined.", "Error found at f:5.",
                "Error: Invalid bridge configuration: no topics defined.", "Error found at f:5.",
            ],
            configuration.Errors);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("#anything at all")]
    [InlineData("\r")]
    public void Parse_BlankLineOrComment_IsSkipped(string line) => Assert.Empty(HostConfiguration.Parse([line], "f").Errors);

    [Theory]
    [InlineData(" # indented", "Error: Unknown configuration variable '#'.")]
    [InlineData("\tmax_qos 1", "Error: Unknown configuration variable '?max_qos'.")]
    [InlineData("max_keepalive\t1", "Error: Unknown configuration variable 'max_keepalive?1'.")]
    [InlineData("Max_Keepalive 1", "Error: Unknown configuration variable 'Max_Keepalive'.")]
    public void Parse_LineOfAnotherShape_IsAnError(string line, string error) =>
        Assert.Equal(error, HostConfiguration.Parse([line], "f").Errors[0]);

    [Fact]
    public void Parse_SpacesBeforeNameAndAroundValue_AreTakenOff() =>
        Assert.Equal("a b", Parsed("   clientid_prefixes   a b \t\r").Options.ClientIdPrefix);

    [Fact]
    public void Load_FileWithLatin1Comment_IsReadAndOneWithSuchAValueIsNot()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("a.conf", [.. "# caf\u00e9\npid_file caf\u00e9\n".Select(c => (byte)c)]);
        Assert.Equal(["Error: Malformed UTF-8 in configuration.", $"Error found at {file}:2."], HostConfiguration.Load(file).Errors);
    }

    [Fact]
    public void Load_FileWithByteOrderMark_IsRead()
    {
        using var directory = new TemporaryDirectory();
        var configuration = HostConfiguration.Load(directory.Write("a.conf", [0xEF, 0xBB, 0xBF, .. "sys_interval 3\r\n"u8]));
        Assert.Empty(configuration.Errors);
        Assert.Equal(TimeSpan.FromSeconds(3), configuration.Options.SysInterval);
    }

    [Fact]
    public void Load_MissingFile_SaysSo()
    {
        var configuration = HostConfiguration.Load(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "none.conf"));
        Assert.StartsWith("Error: Unable to open config file '", Assert.Single(configuration.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Directory_SaysSo()
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal([$"Error: Config file '{directory.Path}' is a directory."], HostConfiguration.Load(directory.Path).Errors);
    }

    [Fact]
    public void Parse_TextBehindAOneWordValue_IsNotedUnlessItIsAComment()
    {
        Assert.Equal(7, Parsed("max_keepalive 7 # a week").Options.MaximumKeepAlive);
        Assert.Empty(Parsed("max_keepalive 7 # a week").Notices);
        Assert.Equal("Warning: Only the first word of 'max_keepalive' is used: '7' (f:1).", Assert.Single(Parsed("max_keepalive 7 8").Notices).Text);
    }

    [Fact]
    public void Parse_ListenerOptions_BelongToTheListenerBefore()
    {
        var configuration = Parsed("listener 1883 127.0.0.1 # trailing", "max_qos 1", "listener 1884 ::1", "max_connections 7", "max_topic_alias 3", "set_tcp_nodelay true");
        var listeners = Planned(configuration).Select(plan => plan.Options).ToList();
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 1883), new IPEndPoint(IPAddress.IPv6Loopback, 1884)], listeners.Select(listener => listener.EndPoint));
        Assert.Equal((QualityOfService.AtLeastOnce, -1), (listeners[0].MaximumQoS, listeners[0].MaximumConnections));
        Assert.Equal((QualityOfService.ExactlyOnce, 7, (ushort)3), (listeners[1].MaximumQoS, listeners[1].MaximumConnections, listeners[1].MaximumTopicAlias));
        Assert.All(listeners, listener => Assert.True(listener.NoDelay));
    }

    [Fact]
    public void Parse_UnixListener_HasAPath()
    {
        var configuration = Parsed("listener 0 /run/nj.sock", "max_qos 0");
        Assert.Equal("/run/nj.sock", configuration.Listeners[0].UnixPath);
        Assert.Equal("/run/nj.sock", Assert.Single(Planned(configuration)).Options.EndPoint.ToString());
    }

    [Fact]
    public void Parse_NoListener_IsLocalOnlyAndOpenUnlessTheFileSaysOtherwise()
    {
        var configuration = Parsed("sys_interval 5");
        Assert.True(configuration.IsLocalOnly);
        Assert.True(configuration.Options.AllowAnonymous);
        Assert.All(Planned(configuration, 2000, 2001), plan => Assert.True(IPAddress.IsLoopback(((IPEndPoint)plan.Options.EndPoint).Address)));
        Assert.Equal([2000, 2001], Planned(configuration, 2000, 2001).Select(plan => ((IPEndPoint)plan.Options.EndPoint).Port).Distinct());
        Assert.Equal([1883], Planned(configuration).Select(plan => ((IPEndPoint)plan.Options.EndPoint).Port).Distinct());
        Assert.False(Parsed("allow_anonymous false").Options.AllowAnonymous);
    }

    [Fact]
    public void Parse_ListenerOptionWithoutListener_HoldsForTheLocalListeners()
    {
        var configuration = Parsed("max_connections 5");
        Assert.True(configuration.IsLocalOnly);
        Assert.Equal("Creating default listener due to 'max_connections' option.", configuration.Notices[0].Text);
        Assert.All(Planned(configuration), plan => Assert.Equal((5, true), (plan.Options.MaximumConnections, IPAddress.IsLoopback(((IPEndPoint)plan.Options.EndPoint).Address))));
    }

    [Fact]
    public void Parse_PortAndBindAddress_MakeTheDefaultListener()
    {
        var configuration = Parsed("max_qos 1", "port 1999", "bind_address 127.0.0.1", "listener 1998 127.0.0.1", "max_qos 0");
        Assert.False(configuration.IsLocalOnly);
        Assert.Equal(["1999 127.0.0.1", "1998 127.0.0.1"], configuration.Listeners.Select(listener => listener.Key));
        Assert.Equal([QualityOfService.AtLeastOnce, QualityOfService.AtMostOnce], configuration.Listeners.Select(listener => listener.Options.MaximumQoS));
        Assert.False(configuration.Options.AllowAnonymous);
    }

    [Fact]
    public void Parse_PortTwice_KeepsTheLastWithAWarning()
    {
        var configuration = Parsed("port 1999", "port 1998");
        Assert.Equal(1998, Assert.Single(configuration.Listeners).Port);
        Assert.Contains(configuration.Notices, notice => notice.Text == "Warning: Default listener port specified multiple times. Only the latest will be used.");
    }

    [Theory]
    [InlineData("ipv4", "0.0.0.0:1883")]
    [InlineData("ipv6", "[::]:1883")]
    public void Make_SocketDomain_LeavesTheOtherKindOut(string domain, string endPoint) =>
        Assert.Equal([endPoint], Planned(Parsed("listener 1883", $"socket_domain {domain}")).Select(plan => plan.Options.EndPoint.ToString()));

    [Fact]
    public void Make_NameThatNobodyKnows_IsAnErrorWithItsLine()
    {
        List<string> errors = [];
        ListenerPlan.Make(Parsed("", "listener 1883 no.such.host.invalid"), [], errors);
        Assert.Equal(["Error: Unable to resolve the address 'no.such.host.invalid' of the listener on port 1883.", "Error found at f:2."], errors);
    }

    [Fact]
    public void Make_PerListenerSettings_GivesEachItsOwnRules()
    {
        var configuration = Parsed(
            "per_listener_settings true", "listener 1883 127.0.0.1", "allow_anonymous true", "listener 1884 127.0.0.1", "password_file pw", "acl_file acl", "auto_id_prefix x-", "allow_zero_length_clientid false");
        var plans = Planned(configuration);
        Assert.Equal(["1883 127.0.0.1", "1884 127.0.0.1"], plans.Select(plan => plan.Options.SecurityDomain));
        Assert.Equal([true, false], plans.Select(plan => plan.Options.AllowAnonymous!.Value));
        Assert.Equal([null, "pw"], plans.Select(plan => plan.Security.PasswordFile));
        Assert.Equal([null, "acl"], plans.Select(plan => plan.Security.AclFile));
        Assert.Equal(["auto-", "x-"], plans.Select(plan => plan.Options.AutoIdPrefix));
        Assert.Equal([true, false], plans.Select(plan => plan.Options.AllowZeroLengthClientId!.Value));
    }

    [Fact]
    public void Make_CommonSettings_HoldForAllAndListenerOptionsWin()
    {
        var configuration = Parsed(
            "listener 1883 127.0.0.1", "allow_anonymous true", "password_file pw", "listener 1884 127.0.0.1", "listener_allow_anonymous false", "listener_auto_id_prefix y-");
        var plans = Planned(configuration);
        Assert.All(plans, plan => Assert.Equal(("", "pw"), (plan.Options.SecurityDomain, plan.Security.PasswordFile)));
        Assert.Equal([true, false], plans.Select(plan => plan.Options.AllowAnonymous!.Value));
        Assert.Equal(["auto-", "y-"], plans.Select(plan => plan.Options.AutoIdPrefix));
    }

    [Fact]
    public void Parse_PerListenerSettingsBehindASecurityOption_IsAnError()
    {
        Assert.Equal(
            ["Error: per_listener_settings must be set before any other security settings.", "Error found at f:2."],
            HostConfiguration.Parse(["allow_anonymous true", "per_listener_settings true"], "f").Errors);
        Assert.True(Parsed("per_listener_settings true", "per_listener_settings false").PerListenerSettings);
    }

    [Fact]
    public void Parse_Environment_IsExpandedInValues()
    {
        var configuration = HostConfiguration.Parse(
            ["clientid_prefixes ${A}-${B_1}$${A}", "max_keepalive ${N}", "pid_file /run/$A/${1}/{A}"], "f", name => name switch { "A" => "x", "B_1" => "${A}", "N" => "12", _ => null });
        Assert.Empty(configuration.Errors);
        Assert.Equal("x-${A}${A}", configuration.Options.ClientIdPrefix);
        Assert.Equal(12, configuration.Options.MaximumKeepAlive);
        Assert.Equal("/run/$A/${1}/{A}", configuration.Process.PidFile);
    }

    [Fact]
    public void Parse_EnvironmentVariableThatIsNotSet_IsAnError() =>
        Assert.Equal(["Error: Environment variable 'NJ_NONE' for 'pid_file' is not set.", "Error found at f:1."], HostConfiguration.Parse(["pid_file ${NJ_NONE}"], "f").Errors);

    [Fact]
    public void Parse_PersistenceLocationOfTheEnvironment_Wins() =>
        Assert.Equal("/env", HostConfiguration.Parse(["persistence_location /file"], "f", name => name == "MOSQUITTO_PERSISTENCE_LOCATION" ? "/env" : null).Persistence.Location);

    [Fact]
    public void Parse_SecretInAFile_IsItsFirstLine()
    {
        using var directory = new TemporaryDirectory();
        var secret = directory.Write("s", "pass word\r\nmore"u8.ToArray());
        var configuration = Parsed("connection a", "address h", "topic t", $"remote_password file:{secret}", "local_password plain");
        Assert.Equal(("pass word", "plain"), (configuration.Bridges[0].RemotePassword, configuration.Bridges[0].LocalPassword));
        var empty = directory.Write("e", "\nx"u8.ToArray());
        Assert.Equal($"Error: The first line of file '{empty}' for 'bridge_psk' is empty.", HostConfiguration.Parse(["connection a", $"bridge_psk file:{empty}"], "f").Errors[0]);
        Assert.StartsWith("Error: Unable to read file '/nonexistent/x' for 'remote_password': ", HostConfiguration.Parse(["connection a", "remote_password file:/nonexistent/x"], "f").Errors[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TlsListener_TakesUserNamesFromWhereItSays()
    {
        var plans = Planned(Parsed(
            "listener 1 127.0.0.1", "certfile c", "keyfile k", "use_identity_as_username true", "use_subject_as_username true",
            "listener 2 127.0.0.1", "certfile c", "keyfile k", "use_subject_as_username true",
            "listener 3 127.0.0.1", "psk_hint h", "use_identity_as_username true",
            "listener 4 127.0.0.1", "use_identity_as_username true"));
        Assert.Equal([UserNameSource.Identity, UserNameSource.Subject, UserNameSource.Identity, UserNameSource.Connect], plans.Select(plan => plan.Options.UserNameSource));
        Assert.True(plans[2].Section!.Tls is { HasPsk: true, HasCertificate: false, IsOn: true });
    }
}
