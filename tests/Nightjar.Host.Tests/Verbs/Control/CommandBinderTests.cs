using System.Text.Json.Nodes;
using Nightjar.Host.Verbs.Control;
using Nightjar.Host.Verbs.Control.Shell;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>What is sent for what is typed: the requests that mosquitto_ctrl sends.</summary>
public sealed class CommandBinderTests
{
    [Theory]
    [InlineData("getDefaultACLAccess", """{"command":"getDefaultACLAccess"}""")]
    [InlineData("setDefaultACLAccess SUBSCRIBE Allow", """{"command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]}""")]
    [InlineData("setDefaultACLAccess publishClientSend deny", """{"command":"setDefaultACLAccess","acls":[{"acltype":"publishClientSend","allow":false}]}""")]
    [InlineData("getAnonymousGroup", """{"command":"getAnonymousGroup"}""")]
    [InlineData("setAnonymousGroup g", """{"command":"setAnonymousGroup","groupname":"g"}""")]
    [InlineData("getDetails", """{"command":"getDetails"}""")]
    [InlineData("explain u c subscribe a/#", """{"command":"explain","username":"u","clientid":"c","acltype":"subscribe","topic":"a/#"}""")]
    [InlineData("CREATECLIENT u -p pw", """{"command":"createClient","username":"u","password":"pw"}""")]
    [InlineData("createClient u -i id -p pw", """{"command":"createClient","username":"u","clientid":"id","password":"pw"}""")]
    [InlineData("createClient u -c id --no-password", """{"command":"createClient","username":"u","clientid":"id"}""")]
    [InlineData("deleteClient u", """{"command":"deleteClient","username":"u"}""")]
    [InlineData("setClientPassword u pw", """{"command":"setClientPassword","username":"u","password":"pw"}""")]
    [InlineData("setClientId u", """{"command":"setClientId","username":"u"}""")]
    [InlineData("setClientId u id", """{"command":"setClientId","username":"u","clientid":"id"}""")]
    [InlineData("addClientRole u r", """{"command":"addClientRole","username":"u","rolename":"r"}""")]
    [InlineData("addClientRole u r 7", """{"command":"addClientRole","username":"u","rolename":"r","priority":7}""")]
    [InlineData("addClientRole u r -1", """{"command":"addClientRole","username":"u","rolename":"r"}""")]
    [InlineData("addClientRole u r -3", """{"command":"addClientRole","username":"u","rolename":"r","priority":-3}""")]
    [InlineData("removeClientRole u r", """{"command":"removeClientRole","username":"u","rolename":"r"}""")]
    [InlineData("getClient u", """{"command":"getClient","username":"u"}""")]
    [InlineData("listClients", """{"command":"listClients"}""")]
    [InlineData("listClients 5", """{"command":"listClients","count":5}""")]
    [InlineData("listClients 5 10", """{"command":"listClients","count":5,"offset":10}""")]
    [InlineData("listClients 0 0", """{"command":"listClients"}""")]
    [InlineData("enableClient u", """{"command":"enableClient","username":"u"}""")]
    [InlineData("disableClient u", """{"command":"disableClient","username":"u"}""")]
    [InlineData("modifyClient u textname V", """{"command":"modifyClient","username":"u","textname":"V"}""")]
    [InlineData("createGroup g", """{"command":"createGroup","groupname":"g"}""")]
    [InlineData("deleteGroup g", """{"command":"deleteGroup","groupname":"g"}""")]
    [InlineData("addGroupRole g r 2", """{"command":"addGroupRole","groupname":"g","rolename":"r","priority":2}""")]
    [InlineData("removeGroupRole g r", """{"command":"removeGroupRole","groupname":"g","rolename":"r"}""")]
    [InlineData("addGroupClient g u 2", """{"command":"addGroupClient","groupname":"g","username":"u","priority":2}""")]
    [InlineData("removeGroupClient g u", """{"command":"removeGroupClient","groupname":"g","username":"u"}""")]
    [InlineData("getGroup g", """{"command":"getGroup","groupname":"g"}""")]
    [InlineData("listGroups 1", """{"command":"listGroups","count":1}""")]
    [InlineData("modifyGroup g textDescription V", """{"command":"modifyGroup","groupname":"g","textdescription":"V"}""")]
    [InlineData("createRole r", """{"command":"createRole","rolename":"r"}""")]
    [InlineData("deleteRole r", """{"command":"deleteRole","rolename":"r"}""")]
    [InlineData("addRoleACL r subscribePATTERN a/# deny", """{"command":"addRoleACL","rolename":"r","acltype":"subscribePattern","topic":"a/#","allow":false}""")]
    [InlineData("addRoleACL r clientPublishSend ä allow 3", """{"command":"addRoleACL","rolename":"r","acltype":"publishClientSend","topic":"ä","allow":true,"priority":3}""")]
    [InlineData("removeRoleACL r unsubscribeLiteral a", """{"command":"removeRoleACL","rolename":"r","acltype":"unsubscribeLiteral","topic":"a"}""")]
    [InlineData("getRole r", """{"command":"getRole","rolename":"r"}""")]
    [InlineData("listRoles 2 4", """{"command":"listRoles","count":2,"offset":4}""")]
    [InlineData("modifyRole r allowWildcardSubs false", """{"command":"modifyRole","rolename":"r","allowwildcardsubs":false}""")]
    public void CommandLine_OfDynsec_MakesTheRequest(string line, string expected) => Assert.Equal(expected, Bind(line, inShell: false));

    [Theory]
    [InlineData("createClient u pw", """{"command":"createClient","username":"u","password":"pw"}""")]
    [InlineData("createClient u pw id", """{"command":"createClient","username":"u","password":"pw","clientid":"id"}""")]
    [InlineData("createClient u -p pw", """{"command":"createClient","username":"u","password":"pw"}""")]
    [InlineData("addRoleACL r subscribeLiteral allow a/b", """{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","allow":true,"topic":"a/b"}""")]
    [InlineData("addRoleACL r subscribeLiteral deny 4 a/b", """{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","allow":false,"priority":4,"topic":"a/b"}""")]
    [InlineData("addRoleACL r subscribeLiteral a/b deny 4", """{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","topic":"a/b","allow":false,"priority":4}""")]
    [InlineData("addRoleACL r subscribeLiteral allow allow", """{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","allow":true,"topic":"allow"}""")]
    public void Line_OfTheShell_MakesTheRequest(string line, string expected) => Assert.Equal(expected, Bind(line, inShell: true));

    [Theory]
    [InlineData("setDefaultACLAccess subscribe maybe", "Error: access must be \"allow\" or \"deny\".")]
    [InlineData("setDefaultACLAccess subscribeLiteral allow", "Error: acltype must be one of publishClientSend, publishClientReceive, subscribe, unsubscribe.")]
    [InlineData("createClient", "Usage: createClient <username> [-i <clientid>] [-p <password>]")]
    [InlineData("createClient u -c", "Error: -c argument given, but no clientid provided.")]
    [InlineData("createClient u -p", "Error: -p argument given, but no password provided.")]
    [InlineData("createClient u -p x --no-password", "Error: -p and --no-password are mutually exclusive.")]
    [InlineData("createClient u extra", "Usage: createClient <username> [-i <clientid>] [-p <password>]")]
    [InlineData("addClientRole u r high", "Error: priority must be a number.")]
    [InlineData("addClientRole u r 99999999999", "Error: priority must be a number.")]
    [InlineData("getClient", "Usage: getClient <username>")]
    [InlineData("getClient a b", "Usage: getClient <username>")]
    [InlineData("listClients 1 2 3", "Usage: listClients [<count>] [<offset>]")]
    [InlineData("addRoleACL r subLiteral a/b deny", "Error: acltype must be one of publishClientSend, publishClientReceive, subscribeLiteral, subscribePattern, unsubscribeLiteral, unsubscribePattern.")]
    [InlineData("modifyClient u allowWildcardSubs true", "Error: property must be one of textName, textDescription.")]
    [InlineData("modifyRole r allowWildcardSubs perhaps", "Error: allowWildcardSubs must be \"true\" or \"false\".")]
    public void Arguments_ThatAreWrong_AreNamed(string line, string expected) => Assert.Equal(expected, Bind(line, inShell: false));

    [Fact]
    public void Password_OfANewClient_IsAskedForWhenAllElseIsWell()
    {
        Assert.Equal("""{"command":"createClient","username":"u","password":"typed"}""", Bind("createClient u", inShell: false, new NewPassword("typed", null)));
        Assert.Equal("""{"command":"createClient","username":"u"}""", Bind("createClient u", inShell: false, default(NewPassword)));
        Assert.Equal("Error: Passwords do not match.", Bind("setClientPassword u", inShell: false, new NewPassword(null, "Error: Passwords do not match.")));
    }

    [Theory]
    [InlineData(new[] { "a", "a" }, false, "a", null)]
    [InlineData(new[] { "a", "b" }, false, null, "Error: Passwords do not match.")]
    [InlineData(new[] { "a", null }, false, null, "Error: Passwords do not match.")]
    [InlineData(new[] { "" }, false, null, "Error: Empty password.")]
    [InlineData(new string?[] { null }, false, null, "Error: Empty password.")]
    [InlineData(new[] { "" }, true, null, null)]
    public void NewPassword_AskedTwice_IsTheAnswerGivenTwice(string?[] answers, bool allowsNone, string? password, string? problem)
    {
        var left = new Queue<string?>(answers);

        NewPassword answer = NewPassword.Ask("u", allowsNone, _ => left.Dequeue());

        Assert.Equal(new NewPassword(password, problem), answer);
        Assert.Empty(left);
    }

    // What is asked for a password fails the test unless one is given.
    private static string Bind(string line, bool inShell, NewPassword? password = null)
    {
        List<ShellWord> words = ShellWord.Split(line);
        Assert.True(DynsecModule.Module.TryFindCommand(words[0].Text, out ControlCommand? command), line);
        JsonObject? request = CommandBinder.Bind(
            command, [.. words.Skip(1).Select(word => word.Text)], inShell, _ => password ?? throw new InvalidOperationException("No password is to be asked for."), out string problem);
        return request?.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) ?? problem;
    }
}
