using Nightjar.EndToEnd.Tests.DynamicSecurity;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Control;

/// <summary><c>nightjar ctrl</c> beside Debian's mosquitto_ctrl, both against Debian's mosquitto with its plugin.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ControlTests
{
    private const string Tool = ControlledBroker.Tool;
    private const string Broker = ControlledBroker.Broker;

    // A blank divides arguments. The anonymous group is not deleted, over which 2.0.11 falls, nor the default looked at once it is set: its tool sends
    // something that changes nothing.
    private static readonly string[] s_session =
    [
        "createClient u1 -p x",
        "createClient u1 -p x",
        "createClient u2 -c cid -p x",
        "createClient u3 -p",
        "createClient u3 -c",
        "createClient",
        "createGroup g",
        "createGroup g",
        "createGroup h",
        "addGroupClient g u1 5",
        "addGroupClient g u2",
        "addGroupClient nog u2",
        "createRole r",
        "createRole r",
        "addClientRole u1 r 7",
        "addClientRole u1 nor 7",
        "addGroupRole g r",
        "addGroupRole h r -3",
        "addRoleACL r publishClientSend a/b allow 3",
        "addRoleACL r publishclientreceive ä/# ALLOW",
        "addRoleACL r subscribeLiteral a/b deny",
        "addRoleACL r subscribeLiteral a/b deny",
        "addRoleACL r subscribeLiteral a/b perhaps",
        "addRoleACL r subLiteral a/b deny",
        "getClient u1",
        "getClient u2",
        "getClient nobody",
        "getClient",
        "getGroup g",
        "getGroup h",
        "getGroup nog",
        "getRole r",
        "getRole admin",
        "getRole nor",
        "listClients",
        "listClients 1",
        "listClients 1 1",
        "listClients 1 2 3",
        "LISTGROUPS",
        "listRoles",
        "getDefaultACLAccess",
        "setDefaultACLAccess unsubscribe deny",
        "setDefaultACLAccess subscribe maybe",
        "setDefaultACLAccess foo allow",
        "setAnonymousGroup g",
        "getAnonymousGroup",
        "disableClient u1",
        "getClient u1",
        "enableClient u1",
        "getClient u1",
        "setClientId u1 cid",
        "getClient u1",
        "setClientId u1",
        "getClient u1",
        "setClientPassword u1 foo",
        "setClientPassword u1 foo bar",
        "removeRoleACL r subscribeLiteral a/b",
        "removeRoleACL r subscribeLiteral a/b",
        "removeGroupClient g u1",
        "removeGroupRole g r",
        "removeClientRole u1 r",
        "deleteRole r",
        "deleteGroup h",
        "deleteClient u1",
        "deleteClient u1",
        "listClients",
        "noSuchCommand",
    ];

    [RequiresToolFact(Tool, Broker)]
    public async Task Session_OfBothTools_HasTheSameOutput()
    {
        await using ControlledBroker first = await ControlledBroker.StartAsync();
        await using ControlledBroker second = await ControlledBroker.StartAsync();
        await CompareAsync(first.Administrator, second.Administrator);
    }

    [RequiresToolFact(Tool)]
    public async Task Session_OfBothTools_HasTheSameOutputAgainstNightjar()
    {
        using var folder = new PublicFolder();
        AdministeredBroker.Init(folder["1.json"]);
        AdministeredBroker.Init(folder["2.json"]);
        await using AdministeredBroker first = await AdministeredBroker.StartAsync(isMosquitto: false, folder["1.json"]);
        await using AdministeredBroker second = await AdministeredBroker.StartAsync(isMosquitto: false, folder["2.json"]);
        await CompareAsync(Administrator(first), Administrator(second), withoutConnections: true);
    }

    [Fact]
    public async Task Commands_ThatOnlyNightjarsToolHas_AreAnsweredByNightjar()
    {
        using var folder = new PublicFolder();
        AdministeredBroker.Init(folder["d.json"]);
        await using AdministeredBroker broker = await AdministeredBroker.StartAsync(isMosquitto: false, folder["d.json"]);
        string[] lines = ["createRole r", "addRoleACL r publishClientSend a/# allow 3", "createClient u -p x", "addClientRole u r", "modifyRole r textName Name"];
        foreach (string line in lines)
        {
            ProcessResult done = await BrokerProcess.RunAsync(["ctrl", .. Administrator(broker), "dynsec", .. line.Split(' ')]);
            done.AssertExitCode();
            Assert.Equal("", done.Output);
        }

        ProcessResult details = await BrokerProcess.RunAsync(["ctrl", .. Administrator(broker), "dynsec", "getDetails"]);
        ProcessResult explained = await BrokerProcess.RunAsync(["ctrl", .. Administrator(broker), "dynsec", "explain", "u", "c1", "publishClientSend", "a/b"]);

        Assert.Equal("Client count:   2\nGroup count:    0\nRole count:     2\nChange index:   5", details.Output);
        explained.AssertExitCode();
        Assert.Contains("a/#", explained.Output, StringComparison.Ordinal);
        Assert.Contains("allow", explained.Output, StringComparison.Ordinal);
    }

    private static string[] Administrator(AdministeredBroker broker) =>
        ["-h", "127.0.0.1", "-p", broker.Broker.PortText, "-u", AdministeredBroker.Admin, "-P", AdministeredBroker.Password];

    // Tools of 2.0 do not print who is connected, and make less room for the labels then.
    private static async Task CompareAsync(string[] first, string[] second, bool withoutConnections = false)
    {
        foreach (string line in s_session)
        {
            string[] command = ["dynsec", .. line.Split(' ')];
            ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), [.. first, .. command]);
            ProcessResult ours = await BrokerProcess.RunAsync(["ctrl", .. second, .. command]);
            if (withoutConnections && line.StartsWith("getClient ", StringComparison.Ordinal))
            {
                Assert.Equal((line, theirs.ExitCode, Squeeze(theirs.Output)), (line, ours.ExitCode, Squeeze(ours.Output)));
                continue;
            }

            Assert.Equal((line, theirs.ExitCode, theirs.Output), (line, ours.ExitCode, ours.Output));
            AssertErrors(theirs.Errors, ours.Errors, line);
        }
    }

    [RequiresToolTheory(Tool, Broker)]
    [InlineData("createClient p", "one\none\n", 0)]
    [InlineData("createClient p", "\n", 0)]
    [InlineData("createClient p", "one\ntwo\n", 1)]
    [InlineData("setClientPassword nobody", "one\none\n", 0)]
    [InlineData("setClientPassword nobody", "\n", 1)]
    public async Task Prompts_OfBothTools_AreTheSame(string line, string input, int exitCode)
    {
        string[] command = ["dynsec", .. line.Split(' ')];
        await using ControlledBroker first = await ControlledBroker.StartAsync();
        await using ControlledBroker second = await ControlledBroker.StartAsync();
        ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), [.. first.Administrator, .. command], input);
        (string file, string[] host) = BrokerProcess.Command();
        ProcessResult ours = await ProcessRunner.RunAsync(file, [.. host, "ctrl", .. second.Administrator, .. command], input);

        Assert.Equal(theirs.Output.TrimEnd(), ours.Output.TrimEnd());
        AssertErrors(theirs.Errors, ours.Errors, line);
        // Theirs ends with 0 when it has done nothing.
        Assert.Equal(exitCode, ours.ExitCode);
    }

    [RequiresToolFact(Tool, Broker)]
    public async Task Password_OfTheAdministrator_IsAskedFor()
    {
        await using ControlledBroker broker = await ControlledBroker.StartAsync();
        string[] arguments = [.. broker.Server, "-u", "admin", "dynsec", "listClients"];
        (string file, string[] host) = BrokerProcess.Command();
        foreach (string input in (string[])["adminpassword12\n", "\n"])
        {
            ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), arguments, input);
            ProcessResult ours = await ProcessRunner.RunAsync(file, [.. host, "ctrl", .. arguments], input);

            Assert.Equal((theirs.ExitCode, theirs.Output.TrimEnd(), theirs.Errors), (ours.ExitCode, ours.Output.TrimEnd(), ours.Errors));
        }
    }

    [RequiresToolTheory(Tool, Broker)]
    [InlineData("-u admin -P wrong", "Connection error: Not authorized")]
    [InlineData("-V 311 -u admin -P wrong", "Connection error: Connection Refused: not authorised.")]
    [InlineData("", "Subscribe error: Not authorized")]
    [InlineData("-V mqttv311", "Subscribe error: Subscription refused.")]
    public async Task WhoHasNoRights_IsToldTheSame_AndOursFails(string options, string expected)
    {
        await using ControlledBroker broker = await ControlledBroker.StartAsync();
        string[] arguments = [.. broker.Server, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "dynsec", "listClients"];
        ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), arguments);
        ProcessResult ours = await BrokerProcess.RunAsync(["ctrl", .. arguments]);

        Assert.Equal(theirs.Errors, ours.Errors);
        Assert.Equal(expected, ours.Errors.Split('\n')[^1]);
        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
    }

    [RequiresToolTheory(Tool)]
    [InlineData("-h 127.0.0.1 -p PORT dynsec listClients")]
    [InlineData("--unix /nonexistent/socket dynsec listClients")]
    [InlineData("-h nohost.invalid dynsec listClients")]
    [InlineData("nothing here")]
    [InlineData("-h 127.0.0.1 dynsec nothing")]
    public async Task Failures_BeforeABrokerAnswers_HaveTheSameCode(string line)
    {
        string port = BrokerProcess.FreePorts(1)[0].ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] arguments = line.Replace("PORT", port, StringComparison.Ordinal).Split(' ');
        ProcessResult theirs = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), arguments);
        ProcessResult ours = await BrokerProcess.RunAsync(["ctrl", .. arguments]);

        Assert.Equal((theirs.ExitCode, theirs.Output), (ours.ExitCode, ours.Output));
        // A socket of this machine is not the network that theirs warns of.
        string[] expected = line.StartsWith("--unix", StringComparison.Ordinal) ? [theirs.Errors.Split('\n')[^1]] : theirs.Errors.Split('\n');
        Assert.Equal(expected, ours.Errors.Split('\n'));
    }

    [RequiresToolFact(Tool, Broker)]
    public async Task Link_AndOptionFile_AreThoseOfMosquittosTool()
    {
        await using ControlledBroker broker = await ControlledBroker.StartAsync();
        using var folder = new PublicFolder();
        string link = folder[Tool];
        File.CreateSymbolicLink(link, Path.Combine(AppContext.BaseDirectory, "nightjar"));
        folder.Write("mosquitto_ctrl.conf", $"# mine\n-h 127.0.0.1\n-p {broker.PortText}\n-u admin\n-P adminpassword12\n");

        ProcessResult found = await ProcessRunner.RunAsync("/usr/bin/env", ["XDG_CONFIG_HOME=" + folder.Path, link, "dynsec", "listClients"]);
        ProcessResult named = await ProcessRunner.RunAsync(link, ["-o", folder["mosquitto_ctrl.conf"], "dynsec", "listRoles"]);

        found.AssertExitCode();
        named.AssertExitCode();
        Assert.Equal(("admin", "admin"), (found.Output, named.Output));
    }

    [RequiresToolFact(Tool, Broker)]
    public async Task Password_ThatWasSetInTheFile_LetsTheAdministratorIn()
    {
        await using ControlledBroker broker = await ControlledBroker.StartAsync(
            async file => (await BrokerProcess.RunAsync("ctrl", "-f", file, "dynsec", "setClientPassword", "admin", "another")).AssertExitCode());

        ProcessResult now = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), [.. broker.Server, "-u", "admin", "-P", "another", "dynsec", "listClients"]);
        ProcessResult before = await ProcessRunner.RunAsync(ExternalTool.Require(Tool), [.. broker.Administrator, "dynsec", "listClients"]);

        Assert.Equal("admin", now.Output);
        Assert.EndsWith("Connection error: Not authorized", before.Errors, StringComparison.Ordinal);
    }

    [RequiresToolFact(Broker)]
    public async Task Broker_WithoutTheModule_IsGivenUp()
    {
        await using BrokerProcess broker = await BrokerProcess.StartMosquittoAsync("allow_anonymous true\n");

        ProcessResult ours = await BrokerProcess.RunAsync("ctrl", "-h", "127.0.0.1", "-p", broker.PortText, "dynsec", "listClients");

        // Theirs waits as long, and ends with 0 and without a word.
        Assert.Equal((27, ""), (ours.ExitCode, ours.Output));
        Assert.EndsWith("Error: Timed out: the broker did not answer. Does it have this module, and may this user use it?", ours.Errors, StringComparison.Ordinal);
    }

    [RequiresToolFact(Tool, Broker)]
    public async Task Shell_FromAPipe_AdministersTheBroker()
    {
        await using ControlledBroker broker = await ControlledBroker.StartAsync();
        string port = broker.PortText;
        (string file, string[] host) = BrokerProcess.Command();
        string[] lines =
        [
            "auth admin", "adminpassword12", $"connect mqtt://127.0.0.1:{port}", "dynsec", "createGroup newgroup", "createGroup newgroup", "modifyGroup newgroup textName My  group",
            "createClient c1 pw cid", "addGroupClient newgroup c1 4", "createRole r", "addRoleACL r publishClientSend allow 5 a/b", "addRoleACL r subscribeLiteral deny c/d", "getRole r",
            "getGroup newgroup", "getClient c1", "listClients", "setDefaultACLAccess subscribe allow", "getDefaultACLAccess", "return", "disconnect", "exit",
        ];

        ProcessResult result = await ProcessRunner.RunAsync(file, [.. host, "ctrl"], string.Join('\n', lines) + "\n");

        result.AssertExitCode();
        string prompt = $"mqtt://127.0.0.1:{port}|dynsec> ";
        Assert.Equal(
            $"""
            > auth admin
            password:
            > connect mqtt://127.0.0.1:{port}
            mqtt://127.0.0.1:{port}> dynsec
            {prompt}createGroup newgroup
            OK
            {prompt}createGroup newgroup
            Group already exists
            {prompt}modifyGroup newgroup textName My  group
            OK
            {prompt}createClient c1 pw cid
            OK
            {prompt}addGroupClient newgroup c1 4
            OK
            {prompt}createRole r
            OK
            {prompt}addRoleACL r publishClientSend allow 5 a/b
            OK
            {prompt}addRoleACL r subscribeLiteral deny c/d
            OK
            {prompt}getRole r
            Role name:
              r
            ACLs:
              publishClientSend    allow a/b (priority 5)
              subscribeLiteral     deny c/d (priority 0)
            {prompt}getGroup newgroup
            Group name:
              newgroup
            Text name:
              My  group
            Clients:
              c1
            {prompt}getClient c1
            Username:
              c1
            Clientid:
              cid
            Groups:
              newgroup (priority: 4)
            {prompt}listClients
            admin
            c1
            {prompt}setDefaultACLAccess subscribe allow
            OK
            {prompt}getDefaultACLAccess
            publishClientSend    deny
            publishClientReceive allow
            subscribe            allow
            unsubscribe          allow
            {prompt}return
            mqtt://127.0.0.1:{port}> disconnect
            > exit
            """,
            result.Output[(result.Output.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
    }

    private static string Squeeze(string output) => string.Join('\n', output.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    // Since 2.1 the broker's errors end with a dot. Where arguments are wrong ours also says which.
    private static void AssertErrors(string theirs, string ours, string line)
    {
        string[] said = [.. Lines(ours).Where(text => !text.StartsWith("Usage: ", StringComparison.Ordinal) && !text.Contains(" must be ", StringComparison.Ordinal))];
        Assert.Equal([line, .. Lines(theirs).Where(text => !text.Contains(" must be ", StringComparison.Ordinal))], [line, .. said]);
    }

    private static IEnumerable<string> Lines(string errors) => errors.Split('\n').Select(text => text.TrimEnd('.'));
}
