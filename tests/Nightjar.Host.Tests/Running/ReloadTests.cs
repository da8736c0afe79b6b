using System.Globalization;
using System.Text;
using Nightjar.Host.Configuration;
using Nightjar.Host.Logging;
using Nightjar.Host.Running;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>What SIGHUP puts into force while clients are connected.</summary>
public sealed class ReloadTests
{
    private const string Open = "listener PORT 127.0.0.1\nallow_anonymous true\n";
    private const string WithPasswords = "listener PORT 127.0.0.1\npassword_file DIR/passwords\n";

    [Fact]
    public async Task Reload_OfPasswords_DisconnectsWhoWasRemovedOrChanged_AndTellsThemWhy()
    {
        await using var service = new RunningService();
        var kept = PasswordText.Line("kept", "p");
        service.Directory.Write("passwords", kept, PasswordText.Line("changed", "p"), PasswordText.Line("removed", "p"));
        await service.StartAsync(WithPasswords);
        await using var stays = await service.ConnectAsync("1", "kept", "p");
        await using var changed = await service.ConnectAsync("2", "changed", "p");
        await using var removed = await service.ConnectAsync("3", "removed", "p");
        service.Directory.Write("passwords", kept, PasswordText.Line("changed", "q"), PasswordText.Line("added", "p"));
        await service.ReloadAsync();
        foreach (var client in new[] { changed, removed })
        {
            var packet = await client.ReceiveAsync();
            Assert.Equal([0xE0, (byte)(packet.Length - 2), (byte)ReasonCode.AdministrativeAction], packet[..3]);
            Assert.Contains("credentials are no longer valid", Encoding.UTF8.GetString(packet), StringComparison.Ordinal);
        }

        await stays.ExpectNothingAsync();
        Assert.Equal(0, await service.CodeAsync("added", "p"));
        Assert.Equal(0, await service.CodeAsync("changed", "q"));
        Assert.Equal((int)ReasonCode.NotAuthorized, await service.CodeAsync("changed", "p"));
        Assert.Equal((int)ReasonCode.NotAuthorized, await service.CodeAsync("removed", "p"));
    }

    [Fact]
    public async Task Reload_ThatSwitchesAnonymousOff_DisconnectsAnonymousClients()
    {
        await using var service = new RunningService();
        service.Directory.Write("passwords", PasswordText.Line("ann", "p"));
        await service.StartAsync(WithPasswords + "allow_anonymous true\n");
        await using var anonymous = await service.ConnectAsync("1");
        await using var named = await service.ConnectAsync("2", "ann", "p");
        var log = await service.ReloadAsync(WithPasswords + "allow_anonymous false\n");
        await anonymous.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await named.ExpectNothingAsync();
        Assert.Equal((int)ReasonCode.NotAuthorized, await service.CodeAsync());
        Assert.Contains("Config changed: allow_anonymous: true -> false", log);
        Assert.Contains(log, line => line.StartsWith("Config reloaded: 0 listeners opened, 0 closed, 1 clients disconnected.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_OnAConnectionFromBeforeTheReload_IsJudgedByTheNewRules()
    {
        await using var service = new RunningService();
        service.Directory.Write("passwords", PasswordText.Line("ann", "p"));
        await service.StartAsync(WithPasswords + "allow_anonymous true\n");
        await using var early = new WireClient(await service.OpenAsync(), ProtocolVersion.Mqtt50);
        // Half a CONNECT proves that the connection was accepted.
        var connect = WirePackets.Connect(ProtocolVersion.Mqtt50, "early");
        await early.SendAsync(connect.AsMemory(0, 4));
        await using var other = await service.ConnectAsync("other", "ann", "p");
        await service.ReloadAsync(WithPasswords + "allow_anonymous false\n");
        await early.SendAsync(connect.AsMemory(4));
        Assert.Equal((byte)ReasonCode.NotAuthorized, (await early.ReceiveAsync())[3]);
    }

    [Fact]
    public async Task Reload_OfTheAccessList_HoldsForConnectedClientsAtOnce()
    {
        await using var service = new RunningService();
        service.Directory.Write("acl", "topic readwrite a/#");
        await service.StartAsync(Open + "acl_file DIR/acl\n");
        await using var client = await service.ConnectAsync();
        await client.SubscribeAsync("a/#");
        await client.PublishAsync("a/1", "1", QualityOfService.AtLeastOnce);
        Assert.Equal("1", (await client.ReceivePublishAsync()).Payload);
        await client.ExpectAsync("40 02 0001");
        service.Directory.Write("acl", "topic write a/#");
        await service.ReloadAsync();
        await client.PublishAsync("a/1", "2", QualityOfService.AtLeastOnce);
        // Written, but read by nobody.
        Assert.Equal(0x40, (await client.ReceiveAsync())[0]);
        service.Directory.Write("acl", "topic read a/#");
        await service.ReloadAsync();
        await client.PublishAsync("a/1", "3", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 87");
        service.Directory.Write("acl", "");
        await service.ReloadAsync();
        await client.PublishAsync("a/1", "4", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 87");
    }

    [Fact]
    public async Task Reload_OfLimits_HoldsAtOnce()
    {
        await using var service = new RunningService();
        await service.StartAsync(Open);
        await using var client = await service.ConnectAsync();
        var log = await service.ReloadAsync(Open + "max_packet_size 1000\nmessage_size_limit 10\nmax_inflight_messages 7\nmax_qos 1\nmax_topic_alias 3\nmax_keepalive 33\nretain_available false\n");
        await client.PublishAsync("t", new string('x', 11), QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 83");
        await using var later = await service.ConnectAsync("later");
        var connAck = Convert.ToHexString(later.ConnAck);
        // Topic Alias Maximum, Server Keep Alive, Maximum QoS, Retain Available, Maximum Packet Size, Receive Maximum.
        foreach (var property in new[] { "220003", "130021", "2401", "2500", "27000003E8", "210007" }) Assert.Contains(property, connAck, StringComparison.Ordinal);
        Assert.Contains("Config changed: max_packet_size: 2000000 -> 1000", log);
        Assert.Contains(log, line => line.StartsWith("Config changed: ", StringComparison.Ordinal) && line.Contains("max_qos", StringComparison.Ordinal) && line.Contains("2 -> 1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("deny_from 127.0.0.0/8\n")]
    [InlineData("allow_from 10.0.0.0/8\n")]
    [InlineData("max_connections 0\n")]
    [InlineData("global_max_connections 0\n")]
    public async Task Reload_OfWhoMayOpenConnections_HoldsForNewOnes(string lines)
    {
        await using var service = new RunningService();
        await service.StartAsync(Open);
        await using var client = await service.ConnectAsync();
        await service.ReloadAsync(Open + lines);
        await client.ExpectNothingAsync();
        Assert.Equal(-1, await service.CodeAsync());
        await service.ReloadAsync(Open);
        Assert.Equal(0, await service.CodeAsync());
    }

    [Fact]
    public async Task Reload_AddsRemovesAndChangesListeners()
    {
        await using var service = new RunningService();
        int second = RunningService.FreePort(), third = RunningService.FreePort();
        await service.StartAsync(Open + $"listener {Text(second)} 127.0.0.1\n");
        await using var stays = await service.ConnectAsync("stays");
        await using var goes = await service.ConnectAsync("goes", port: second);
        var log = await service.ReloadAsync(Open + $"listener {Text(third)} 127.0.0.1\n");
        await goes.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await stays.ExpectNothingAsync();
        Assert.Equal(0, await service.CodeAsync(port: third));
        await Assert.ThrowsAnyAsync<Exception>(() => service.CodeAsync(port: second));
        Assert.Contains(log, line => line.StartsWith("Config reloaded: 1 listeners opened, 1 closed, 1 clients", StringComparison.Ordinal));
        Assert.Contains(log, line => line.Contains($"listener {Text(second)} 127.0.0.1", StringComparison.Ordinal));

        await service.ReloadAsync(Open + "protocol websockets\n");
        // The port speaks HTTP now: whoever was connected before stays.
        await stays.ExpectNothingAsync();
        await using (var http = new WireClient(await service.OpenAsync(), ProtocolVersion.Mqtt50))
        {
            await http.SendAsync(Encoding.ASCII.GetBytes("GET /mqtt HTTP/1.0\r\n\r\n"));
            Assert.StartsWith("HTTP/1.1 4", Encoding.ASCII.GetString(await http.ReceiveBytesAsync(10)), StringComparison.Ordinal);
        }

        await service.ReloadAsync(Open);
        await stays.ExpectNothingAsync();
        Assert.Equal(0, await service.CodeAsync());
    }

    [Fact]
    public async Task Reload_ThatGoesFromOneKindToAnotherAndThenRemovesTheListener_DisconnectsItsFirstClients()
    {
        await using var service = new RunningService();
        var second = RunningService.FreePort();
        await service.StartAsync(Open + $"listener {Text(second)} 127.0.0.1\n");
        await using var client = await service.ConnectAsync("first", port: second);
        await service.ReloadAsync(Open + $"listener {Text(second)} 127.0.0.1\nprotocol websockets\n");
        await client.ExpectNothingAsync();
        await service.ReloadAsync(Open);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Reload_ToRulesOfEachListener_DisconnectsWhoCameUnderTheCommonOnes()
    {
        await using var service = new RunningService();
        await service.StartAsync(Open);
        await using var client = await service.ConnectAsync();
        await service.ReloadAsync("per_listener_settings true\n" + Open);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        Assert.Equal(0, await service.CodeAsync());
    }

    [Fact]
    public async Task Reload_OfTheLog_HoldsFromThenOn()
    {
        await using var service = new RunningService();
        await service.StartAsync(Open);
        await service.ReloadAsync(Open + "log_dest stderr\nlog_dest file DIR/log\nlog_type all\n");
        await using var client = await service.ConnectAsync();
        await client.SubscribeAsync("t");
        await Nightjar.Testing.Wait.UntilAsync(() => File.ReadAllText(service.Directory.File("log")).Contains("c 0 t", StringComparison.Ordinal), "the line of a SUBSCRIBE");
        var log = await service.ReloadAsync(Open + "log_dest stderr\nlog_dest file DIR/missing/log\nmax_qos 0\n");
        Assert.Contains(log, line => line.Contains("Unable to open log file", StringComparison.Ordinal));
        Assert.Contains(RunningService.RefusedLine, log);
        await using var later = await service.ConnectAsync("later");
        Assert.DoesNotContain("2400", Convert.ToHexString(later.ConnAck), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_OfWhatIsReadOnce_SaysThatItNeedsARestart()
    {
        await using var service = new RunningService();
        await service.StartAsync(Open);
        var log = await service.ReloadAsync(Open + "pid_file DIR/pid\n");
        Assert.Contains($"Config changed: pid_file: (unset) -> {service.Directory.File("pid")} (takes effect at the next start)", log);
        Assert.False(File.Exists(service.Directory.File("pid")));
    }

    [Fact]
    public async Task Reload_OfNothingNew_ReportsNoChange()
    {
        await using var service = new RunningService();
        await service.StartAsync(Open);
        var log = await service.ReloadAsync();
        Assert.DoesNotContain(log, line => line.StartsWith("Config changed", StringComparison.Ordinal));
        Assert.Contains("Config reloaded: 0 listeners opened, 0 closed, 0 clients disconnected.", log);
    }

    [Fact]
    public async Task Reload_WithoutAConfigurationFile_SaysSo()
    {
        await using var lines = new StringWriter(CultureInfo.InvariantCulture);
        var configuration = HostConfiguration.Parse(["user root"], "none");
        await using (var log = HostLogger.Start(configuration.Log, new LogPlaces(TextWriter.Null, lines), TimeProvider.System))
        {
            await using var service = new BrokerService(null, configuration, [RunningService.FreePort()], RunningService.PrivilegesOf(configuration), log, new LogPublisher());
            Assert.Equal(0, await service.StartAsync());
            await service.ReloadAsync();
        }

        Assert.Contains("without a configuration file", lines.ToString(), StringComparison.Ordinal);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
