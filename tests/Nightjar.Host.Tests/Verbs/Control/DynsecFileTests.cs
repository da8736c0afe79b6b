using System.Text.Json.Nodes;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>Files of dynamic security that ctrl makes and changes without a broker.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class DynsecFileTests : IDisposable
{
    private static readonly string s_hash = PasswordHash.Make("old"u8, PasswordHashForm.Pbkdf2, 2).ToString();

    private static readonly string s_version21 = $$"""{"changeIndex":5,"clients":[{"username":"a","encoded_password":"{{s_hash}}","textname":"A"},{"username":"b"}]}""";

    private static readonly string s_version20 =
        $$"""{"clients":[{"username":"a","password":"{{s_hash.Split('$')[4]}}","salt":"{{s_hash.Split('$')[3]}}","iterations":2},{"username":"b"}]}""";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Init_MakesTheFileOfMosquitto21()
    {
        string path = _folder.File("d.json");
        using var console = new TestConsole("adminpassword12", "adminpassword12");

        Assert.Equal(0, await console.RunAsync("dynsec", "init", path, "ädmin"));

        Assert.StartsWith($"New password for ädmin: \nReenter password for ädmin: \nThe client 'ädmin' has been created in the file '{path}'.\n", console.Output, StringComparison.Ordinal);
        Assert.Equal("", console.Errors);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
        string content = await File.ReadAllTextAsync(path);
        string hash = (string)JsonNode.Parse(content)!["clients"]![0]!["encoded_password"]!;
        AssertPassword("adminpassword12", hash);
        Assert.Equal(
            """{"clients":[{"username":"ädmin","textName":"Dynsec admin user","encoded_password":"HASH","roles":[{"rolename":"admin"}]}],"roles":[{"rolename":"admin","acls":[""" +
            """{"acltype":"publishClientSend","topic":"$CONTROL/dynamic-security/#","allow":true},{"acltype":"publishClientReceive","topic":"$CONTROL/dynamic-security/#","allow":true},""" +
            """{"acltype":"subscribePattern","topic":"$CONTROL/dynamic-security/#","allow":true},{"acltype":"publishClientReceive","topic":"$SYS/#","allow":true},""" +
            """{"acltype":"subscribePattern","topic":"$SYS/#","allow":true},{"acltype":"publishClientReceive","topic":"#","allow":true},{"acltype":"subscribePattern","topic":"#","allow":true},""" +
            """{"acltype":"unsubscribePattern","topic":"#","allow":true}]}],"defaultACLAccess":{"publishClientSend":false,"publishClientReceive":true,"subscribe":false,"unsubscribe":true}}""",
            content.Replace(hash, "HASH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Init_OverAFileThatExists_LeavesIt()
    {
        string path = _folder.Write("d.json", "mine");
        using var console = new TestConsole();

        Assert.Equal(1, await console.RunAsync("dynsec", "init", path, "admin", "pw"));

        Assert.Equal($"dynsec init: '{path}' already exists. Remove the file or use a different location.\n", console.Errors);
        Assert.Equal("mine", (await File.ReadAllTextAsync(path)).Trim());
    }

    [Theory]
    [InlineData("ann", "c", "publishClientSend", "a/b", "publishClientSend 'a/b' by user 'ann' with client id 'c': allowed\ndecided by role 'r' of the client: publishClientSend allow 'a/#' (priority 2)\n")]
    [InlineData("ann", "c", "subscribe", "$SYS/#", "subscribe '$SYS/#' by user 'ann' with client id 'c': denied\ndecided by role 'r' of the client: subscribePattern deny '#' (priority 0)\n")]
    [InlineData("ann", "c+", "publishClientSend", "a/b", "publishClientSend 'a/b' by user 'ann' with client id 'c+': denied\ndecided by auth_plugin_deny_special_chars: user name or client id has + or #\n")]
    [InlineData("", "c", "publishClientReceive", "a", "publishClientReceive 'a' by a client without a user name with client id 'c': not decided by dynamic security\nthere is no anonymous group: the ACL file is asked, if there is one\n")]
    public async Task Explain_OfAFile_SaysWhichRuleDecides(string user, string clientId, string action, string topic, string output)
    {
        const string content =
            """{"clients":[{"username":"ann","roles":[{"rolename":"r"}]}],"roles":[{"rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a/#","priority":2,"allow":true},{"acltype":"subscribePattern","topic":"#","allow":false}]}]}""";
        string path = _folder.Write("d.json", content);
        using var console = new TestConsole();

        Assert.Equal(0, await console.RunAsync("-f", path, "dynsec", "explain", user, clientId, action, topic));

        Assert.Equal(output, console.Output);
        Assert.Equal("", console.Errors);
        Assert.Equal(content, (await File.ReadAllTextAsync(path)).TrimEnd());
    }

    [Theory]
    [InlineData("publishClientSend", "a/+")]
    [InlineData("publishClientReceive", "")]
    [InlineData("subscribe", "a/#/b")]
    [InlineData("subscribe", "$share/g/")]
    public async Task Explain_OfATopicThatIsNone_SaysSo(string action, string topic)
    {
        string path = _folder.Write("d.json", """{"clients":[{"username":"ann"}]}""");
        using var console = new TestConsole();

        Assert.Equal(1, await console.RunAsync("-f", path, "dynsec", "explain", "ann", "c", action, topic));

        Assert.Equal("explain: Error: Invalid topic.\n", console.Errors);
    }

    [Theory]
    [InlineData("nowhere/d.json", "admin", "pw", "dynsec init: Unable to open '{0}' for writing (No such file or directory).\n")]
    [InlineData("d.json", "admin", "", "Error: Empty password.\n")]
    [InlineData("d.json", "", "pw", "Error: Empty username.\n")]
    public async Task Init_ThatCannotBe_SaysWhyAndMakesNothing(string file, string user, string password, string expected)
    {
        using var console = new TestConsole();

        Assert.Equal(1, await console.RunAsync("dynsec", "init", _folder.File(file), user, password));

        Assert.Equal(string.Format(null, expected, _folder.File(file)), console.Errors);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public async Task SetClientPassword_InAFileOf21_KeepsTheRestAndTheMode(string user)
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        string path = _folder.Write("d.json", s_version21);
        File.SetUnixFileMode(path, mode);
        using var console = new TestConsole();

        Assert.Equal(0, await console.RunAsync("-f", path, "dynsec", "setClientPassword", user, "nëw", "-i", "50"));

        JsonNode file = JsonNode.Parse(await File.ReadAllTextAsync(path))!;
        string hash = (string)Take(file, user)["encoded_password"]!;
        Assert.StartsWith("$7$50$", hash, StringComparison.Ordinal);
        AssertPassword("nëw", hash);
        Assert.Equal("A", (string)Take(file, "a")["textname"]!);
        Assert.Equal(mode, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
        Assert.Equal("", console.Errors + console.Output);
    }

    [Fact]
    public async Task SetClientPassword_InAFileOf20_WritesWhatThatVersionReads()
    {
        string path = _folder.Write("d.json", s_version20);
        using var console = new TestConsole("new", "new");

        Assert.Equal(0, await console.RunAsync("-f", path, "dynsec", "SETCLIENTPASSWORD", "a"));

        JsonObject client = Take(JsonNode.Parse(await File.ReadAllTextAsync(path))!, "a");
        Assert.False(client.ContainsKey("encoded_password"));
        AssertPassword("new", $"$7${client["iterations"]}${client["salt"]}${client["password"]}");
    }

    [Fact]
    public async Task OtherCommands_InAFile_AnswerAsABrokerWould()
    {
        string path = _folder.Write("d.json", s_version21);
        using var console = new TestConsole();

        Assert.Equal(0, await console.RunAsync("-f", path, "dynsec", "createGroup", "g"));
        Assert.Equal(0, await console.RunAsync("-f", path, "dynsec", "addGroupClient", "g", "b", "4"));
        Assert.Equal(0, await console.RunAsync("-f", path, "dynsec", "listGroups"));
        Assert.Equal(1, await console.RunAsync("-f", path, "dynsec", "createGroup", "g"));

        Assert.Equal(("g\n", "createGroup: Error: Group already exists.\n"), (console.Output, console.Errors));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\n\"clients\":")]
    [InlineData("[]")]
    [InlineData("{\"clients\":[7]}")]
    public async Task File_ThatIsNone_IsLeftAsItIs(string content)
    {
        string path = _folder.Write("d.json", System.Text.Encoding.UTF8.GetBytes(content));
        using var console = new TestConsole();

        Assert.Equal(1, await console.RunAsync("-f", path, "dynsec", "setClientPassword", "ann", "pw"));

        Assert.StartsWith("Error", console.Errors, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path));
    }

    [Theory]
    [InlineData("", "Usage: setClientPassword <username> [<password>]")]
    [InlineData("ann pw x", "Usage: setClientPassword <username> [<password>]")]
    [InlineData("ann pw -i", "Error: -i argument given, but no iterations provided.")]
    [InlineData("ann pw -i 0", "Error: Number of iterations must be from 1 to 10000000.")]
    [InlineData("ann pw -i many", "Error: Number of iterations must be from 1 to 10000000.")]
    public async Task SetClientPassword_WithWrongArguments_SaysWhich(string arguments, string expected)
    {
        string path = _folder.Write("d.json", s_version21);
        using var console = new TestConsole();

        Assert.Equal(3, await console.RunAsync(["-f", path, "dynsec", "setClientPassword", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));

        Assert.Equal(expected + "\nError: Invalid function arguments provided.\n", console.Errors);
    }

    private static JsonObject Take(JsonNode file, string user) =>
        file["clients"]!.AsArray().OfType<JsonObject>().Single(client => (string)client["username"]! == user);

    private static void AssertPassword(string password, string encoded)
    {
        Assert.True(PasswordHash.TryParse(encoded, out PasswordHash? hash, out string? error), error);
        Assert.True(hash.Verify(System.Text.Encoding.UTF8.GetBytes(password)));
    }
}
