using System.Globalization;
using System.Text;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Verbs;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>Dynamic security as the configuration switches it on, and what a reload makes of it.</summary>
public sealed class DynamicSecurityTests
{
    private const string Topic = "$CONTROL/dynamic-security/v1";
    private const string Configuration =
        """
        listener PORT 127.0.0.1
        plugin /nowhere/mosquitto_dynamic_security.so
        plugin_opt_config_file DIR/dynamic-security.json
        """;

    [Fact]
    public async Task Start_WithoutAFile_MakesItAndItsPasswords()
    {
        await using var service = new RunningService();
        await service.StartAsync(Configuration);
        var path = service.Directory.File("dynamic-security.json");
        var passwords = File.ReadAllLines(path + ".pw").ToDictionary(line => line.Split(' ')[0], line => line.Split(' ')[1]);
        Assert.Equal(["admin", "democlient"], passwords.Keys);
        Assert.Equal(0, await service.CodeAsync("admin", passwords["admin"]));
        Assert.Equal(0, await service.CodeAsync("democlient", passwords["democlient"]));
        Assert.Equal(0x87, await service.CodeAsync("admin", "wrong"));
        Assert.Equal(0x87, await service.CodeAsync());
        await Wait.UntilAsync(() => service.Log.Contains("Loading plugin: /nowhere/mosquitto_dynamic_security.so"), "the line of the plugin");
        await Wait.UntilAsync(() => service.Log.Contains("Plugin dynamic-security has registered to receive 'basic-auth' events."), "the line of its events");
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Start_WithAPasswordInitFile_TakesItsPassword()
    {
        await using var service = new RunningService();
        File.WriteAllText(service.Directory.File("pw"), "twelve letters\n");
        await service.StartAsync(Configuration + "\nplugin_opt_password_init_file DIR/pw");
        Assert.Equal(0, await service.CodeAsync("admin", "twelve letters"));
        Assert.False(File.Exists(service.Directory.File("dynamic-security.json.pw")));
    }

    [Fact]
    public async Task Reload_OfAFileThatSomebodyElseChanged_PutsItInForce()
    {
        await using var service = new RunningService();
        var path = Init(service);
        await service.StartAsync(Configuration);
        await using var admin = await service.ConnectAsync("a", "admin", "secret");
        Assert.Contains("Config reloaded: 0 listeners opened, 0 closed, 0 clients disconnected.", await service.ReloadAsync());
        await admin.ExpectNothingAsync();

        File.WriteAllText(path, File.ReadAllText(path).Replace("\"admin\"", "\"boss\"", StringComparison.Ordinal));
        await service.ReloadAsync();
        await admin.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        Assert.Equal(0x87, await service.CodeAsync("admin", "secret"));
        Assert.Equal(0, await service.CodeAsync("boss", "secret"));
    }

    [Fact]
    public async Task Reload_OfABrokenFile_ChangesNothing()
    {
        await using var service = new RunningService();
        var path = Init(service);
        await service.StartAsync(Configuration);
        await using var admin = await service.ConnectAsync("a", "admin", "secret");
        File.WriteAllText(path, "{\n\"clients\": 1\n}");
        var lines = await service.ReloadAsync("max_keepalive 7\n" + Configuration);
        Assert.Contains(RunningService.RefusedLine, lines);
        Assert.Contains(lines, line => line.StartsWith("Error: Dynamic security config", StringComparison.Ordinal) && line.Contains("line 2", StringComparison.Ordinal));
        await admin.ExpectNothingAsync();
        Assert.Equal(0, await service.CodeAsync("admin", "secret"));
    }

    [Fact]
    public async Task Reload_KeepsWhatCommandsChanged()
    {
        await using var service = new RunningService();
        Init(service);
        await service.StartAsync(Configuration);
        await using var admin = await service.ConnectAsync("a", "admin", "secret");
        Assert.Equal(0, await admin.SubscribeAsync(Topic + "/response"));
        await admin.PublishAsync(Topic, """{"commands":[{"command":"createClient","username":"bob"},{"command":"setDefaultACLAccess","acls":[{"acltype":"publishClientSend","allow":true}]}]}""");
        Assert.DoesNotContain("error", (await admin.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
        await Wait.UntilAsync(() => service.Log.Any(line => line.StartsWith("dynsec: a/admin | createClient | username=bob", StringComparison.Ordinal)), "the audit line");
        await service.ReloadAsync();
        await admin.PublishAsync(Topic, """{"commands":[{"command":"listClients"}]}""");
        Assert.Contains("\"clients\":[\"admin\",\"bob\"]", (await admin.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_WithAnotherWordForSpecialCharacters_IsInForceForConnectedClients()
    {
        await using var service = new RunningService();
        Init(service);
        await service.StartAsync(Configuration);
        await using var admin = await service.ConnectAsync("a+", "admin", "secret");
        Assert.Equal(0x87, await admin.SubscribeAsync("$SYS/x"));
        await service.ReloadAsync(Configuration + "\nauth_plugin_deny_special_chars false");
        Assert.Equal(0, await admin.SubscribeAsync(Topic + "/response"));
        await admin.PublishAsync(Topic, """{"commands":[{"command":"explain","username":"a+","clientid":"#","acltype":"subscribe","topic":"x"}]}""");
        Assert.Contains("there is no such client", (await admin.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
        await service.ReloadAsync(Configuration);
        Assert.Equal(0x87, await admin.SubscribeAsync("$SYS/x"));
    }

    [Fact]
    public async Task Start_WithOneFileUnderTwoNames_OpensItOnce()
    {
        await using var service = new RunningService();
        Init(service);
        File.CreateSymbolicLink(service.Directory.File("link.json"), service.Directory.File("dynamic-security.json"));
        var other = RunningService.FreePort();
        await service.StartAsync(
            "plugin_load d mosquitto_dynamic_security.so\nplugin_opt_config_file DIR/dynamic-security.json\n"
            + "plugin_load e mosquitto_dynamic_security.so\nplugin_opt_config_file DIR/link.json\nlistener PORT 127.0.0.1\nplugin_use d\n"
            + string.Create(CultureInfo.InvariantCulture, $"listener {other} 127.0.0.1\nplugin_use e\n"));
        await using var admin = await service.ConnectAsync("a", "admin", "secret");
        Assert.Equal(0, await admin.SubscribeAsync(Topic + "/response"));
        await admin.PublishAsync(Topic, """{"commands":[{"command":"createClient","username":"bob","password":"his"}]}""");
        Assert.DoesNotContain("error", (await admin.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
        Assert.Equal(0, await service.CodeAsync("bob", "his", port: other));
    }

    [Fact]
    public async Task Reload_WithoutThePlugin_ClosesTheFileAndTakesNoCommands()
    {
        await using var service = new RunningService();
        Init(service);
        await service.StartAsync(Configuration);
        await service.ReloadAsync("listener PORT 127.0.0.1\nallow_anonymous true");
        await using var client = await service.ConnectAsync("c");
        await client.PublishAsync(Topic, """{"commands":[{"command":"getDetails"}]}""", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 00 01 87");
        await service.ReloadAsync(Configuration);
        Assert.Equal(0, await service.CodeAsync("admin", "secret"));
    }

    [Fact]
    public async Task Start_WithANamedPlugin_HoldsForTheListenerThatUsesIt()
    {
        await using var service = new RunningService();
        Init(service);
        var other = RunningService.FreePort();
        await service.StartAsync(
            $"plugin_load d mosquitto_dynamic_security.dll\nplugin_opt_config_file DIR/dynamic-security.json\nlistener PORT 127.0.0.1\nplugin_use d\n"
            + string.Create(CultureInfo.InvariantCulture, $"listener {other} 127.0.0.1\nlistener_allow_anonymous true\n"));
        Assert.Equal(0, await service.CodeAsync("admin", "secret"));
        Assert.Equal(0x87, await service.CodeAsync());
        Assert.Equal(0, await service.CodeAsync(port: other));
        await using var anybody = await service.ConnectAsync("c", port: other);
        await anybody.PublishAsync(Topic, """{"commands":[{"command":"getDetails"}]}""", QualityOfService.AtLeastOnce);
        await anybody.ExpectAsync("40 03 00 01 87");
        Assert.Equal(0x87, await anybody.SubscribeAsync("$CONTROL/#"));
    }

    [Fact]
    public async Task Start_WithPasswordAndAclFilesBehind_AsksThemForOtherUsers()
    {
        await using var service = new RunningService();
        Init(service);
        File.WriteAllText(service.Directory.File("p"), $"carol:{PasswordHash.Make("hers"u8, PasswordHashForm.Sha512)}\n");
        File.WriteAllText(service.Directory.File("a"), "user carol\ntopic write hers\n");
        await service.StartAsync(Configuration + "\npassword_file DIR/p\nacl_file DIR/a");
        Assert.Equal(0, await service.CodeAsync("admin", "secret"));
        await using var carol = await service.ConnectAsync("c", "carol", "hers");
        foreach (var (topic, code) in new[] { ("hers", "10"), ("others", "87") })
        {
            await carol.PublishAsync(topic, "x", QualityOfService.AtLeastOnce);
            await carol.ExpectAsync("40 03 00 01 " + code);
        }
    }

    [Fact]
    public async Task TestConfig_WithoutTheFile_SaysThatAStartMakesItAndMakesNone()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("dynamic-security.json");
        var configuration = directory.File("c.conf");
        File.WriteAllText(configuration, $"user root\nlistener 1 127.0.0.1\nplugin x/mosquitto_dynamic_security.so\nplugin_opt_config_file {path}\n");
        await using var error = new StringWriter(CultureInfo.InvariantCulture);
        Assert.Equal(0, await RunVerb.RunAsync(["-c", configuration, "--test-config"], TextWriter.Null, error));
        Assert.Contains($"The dynamic security config {path} is not there; the start makes it.", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(path));

        File.WriteAllText(path, "{\"clients\":[{}]}");
        Assert.Equal(3, await RunVerb.RunAsync(["-c", configuration, "--test-config"], TextWriter.Null, error));
    }

    private static string Init(RunningService service)
    {
        var path = service.Directory.File("dynamic-security.json");
        DynamicSecurityTool.Init(path, "admin", PasswordHash.Make(Encoding.UTF8.GetBytes("secret"), PasswordHashForm.Pbkdf2, 101));
        return path;
    }
}
