using System.Text;
using System.Text.Json.Nodes;
using Nightjar.Host.Verbs.Control;
using Nightjar.Host.Verbs.Control.Shell;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control.Shell;

/// <summary>What Tab finds, and what the shell learns from the answers of the broker.</summary>
public sealed class ShellCompleterTests
{
    private readonly KnownNames _names = new();

    public ShellCompleterTests()
    {
        Learn("""{"command":"listClients"}""", """{"command":"listClients","data":{"clients":["ann","bob","with blank"]}}""");
        Learn("""{"command":"listGroups"}""", """{"command":"listGroups","data":{"groups":["staff"]}}""");
        Learn("""{"command":"listRoles"}""", """{"command":"listRoles","data":{"roles":["reader","writer"]}}""");
    }

    [Theory]
    [InlineData("cr", "createClient createGroup createRole", 0)]
    [InlineData("GETA", "getAnonymousGroup", 0)]
    [InlineData("", null, 0)]
    [InlineData("ret", "return", 0)]
    [InlineData("deleteClient ", "ann bob \"with blank\"", 13)]
    [InlineData("deleteClient b", "bob", 13)]
    [InlineData("deleteclient ANN", "ann", 13)]
    [InlineData("deleteClient w", "\"with blank\"", 13)]
    [InlineData("deleteClient bob ", "", 17)]
    [InlineData("createClient ", "", 13)]
    [InlineData("addGroupClient ", "staff", 15)]
    [InlineData("addGroupClient staff a", "ann", 21)]
    [InlineData("addClientRole \"with blank\" r", "reader", 27)]
    [InlineData("addRoleACL reader sub", "subscribeLiteral subscribePattern", 18)]
    [InlineData("addRoleACL reader subscribeLiteral ", "allow deny", 35)]
    [InlineData("setDefaultACLAccess s", "subscribe", 20)]
    [InlineData("setDefaultACLAccess subscribe d", "deny", 30)]
    [InlineData("modifyClient ann text", "textName textDescription", 17)]
    [InlineData("modifyRole reader allow", "allowWildcardSubs", 18)]
    [InlineData("modifyRole reader allowWildcardSubs t", "true", 36)]
    [InlineData("modifyRole reader textName t", "", 27)]
    [InlineData("help listR", "listRoles", 5)]
    [InlineData("unknown ", "", 8)]
    public void Words_OfDynsec_AreCompleted(string text, string? expected, int expectedStart)
    {
        IReadOnlyList<string> found = new ShellCompleter(["return", "exit"], DynsecModule.Module, _names).Complete(text, out int start);

        if (expected is null) Assert.Equal(DynsecModule.Module.Commands.Count + 2, found.Count);
        else Assert.Equal(expected, string.Join(' ', found));
        Assert.Equal(expectedStart, start);
    }

    [Theory]
    [InlineData("c", "connect")]
    [InlineData("help a", "auth")]
    [InlineData("createClient ", "")]
    public void Words_OutsideOfModules_AreTheShellsOwn(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', new ShellCompleter(["auth", "connect"], module: null, _names).Complete(text, out _)));

    [Fact]
    public void Names_FollowWhatIsCreatedAndDeleted()
    {
        Learn("""{"command":"createClient","username":"zoe"}""", """{"command":"createClient"}""");
        Learn("""{"command":"deleteClient","username":"ann"}""", """{"command":"deleteClient"}""");
        Learn("""{"command":"createGroup","groupname":"guests"}""", """{"command":"createGroup"}""");
        Learn("""{"command":"deleteRole","rolename":"reader"}""", """{"command":"deleteRole"}""");

        Assert.Equal(["bob", "with blank", "zoe"], _names.Of(ParameterKind.User));
        Assert.Equal(["guests", "staff"], _names.Of(ParameterKind.Group));
        Assert.Equal(["writer"], _names.Of(ParameterKind.Role));
    }

    [Fact]
    public void Names_OfAPage_AreAddedToTheOthers()
    {
        Learn("""{"command":"listRoles","count":1,"offset":7}""", """{"command":"listRoles","data":{"roles":["another"]}}""");
        Assert.Equal(["another", "reader", "writer"], _names.Of(ParameterKind.Role));
        Learn("""{"command":"listRoles"}""", """{"command":"listRoles","data":{"roles":["only"]}}""");
        Assert.Equal(["only"], _names.Of(ParameterKind.Role));
    }

    private void Learn(string request, string response)
    {
        Assert.True(ControlReply.TryRead(Encoding.UTF8.GetBytes($$"""{"responses":[{{response}}]}"""), correlation: null, out ControlReply reply));
        _names.Learn(JsonNode.Parse(request)!.AsObject(), reply.Response!);
    }
}
