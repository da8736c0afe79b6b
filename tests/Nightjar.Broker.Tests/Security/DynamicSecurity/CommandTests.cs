using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>What the transcript of 2.0.11 does not show: commands and fields of 2.1, and where this broker refuses what Mosquitto passes over.</summary>
public sealed class CommandTests
{
    private readonly CommandWorld _world = new CommandWorld().With(
        """{"command":"createRole","rolename":"r"}""",
        """{"command":"createGroup","groupname":"g"}""",
        """{"command":"createClient","username":"u","password":"pass","groups":[{"groupname":"g","priority":2}],"roles":[{"rolename":"r"}]}""");

    [Fact]
    public void GetDetails_CountsEntriesAndChanges()
    {
        Assert.Equal("""{"command":"getDetails","data":{"clientCount":1,"groupCount":1,"roleCount":1,"changeIndex":3}}""", _world.Do("""{"command":"getDetails"}"""));
    }

    [Fact]
    public void GetClient_OfAConnectedClient_HasItsAddresses()
    {
        _world.Connected["u"] = ["127.0.0.1", "::1"];

        Assert.Equal(
            """{"command":"getClient","data":{"client":{"username":"u","roles":[{"rolename":"r"}],"groups":[{"groupname":"g","priority":2}],"connections":[{"address":"127.0.0.1"},{"address":"::1"}]}}}""",
            _world.Do("""{"command":"getClient","username":"u"}"""));
    }

    [Fact]
    public void GetRole_TellsWhetherWildcardsAreAllowed()
    {
        _world.With("""{"command":"modifyRole","rolename":"r","allowwildcardsubs":false}""");

        Assert.Equal("""{"command":"getRole","data":{"role":{"rolename":"r","allowwildcardsubs":false,"acls":[]}}}""", _world.Do("""{"command":"getRole","rolename":"r"}"""));
        _world.With("""{"command":"modifyRole","rolename":"r","allowWildcardSubs":true}""");
        Assert.True(_world.State.Roles["r"].AllowWildcardSubscriptions);
    }

    [Theory]
    [InlineData("modifyClient", "\"username\":\"u\",\"groups\":[{\"groupname\":\"nope\"}]", "'groups' contains an object with a 'groupname' that does not exist")]
    [InlineData("modifyClient", "\"username\":\"u\",\"roles\":[{\"rolename\":\"nope\"}]", "Role does not exist")]
    [InlineData("modifyClient", "\"username\":\"u\",\"groups\":5", "'groups' not an array or missing/invalid groupname")]
    [InlineData("modifyClient", "\"username\":\"u\",\"textname\":5", "Invalid/missing textname")]
    [InlineData("modifyClient", "\"username\":\"u\",\"textname\":\"\\u0000\"", "textname not valid UTF-8")]
    [InlineData("modifyClient", "\"username\":\"u\",\"password\":5", "Invalid/missing password")]
    [InlineData("modifyClient", "\"username\":\"u\",\"clientid\":5", "Invalid/missing client id")]
    [InlineData("modifyGroup", "\"groupname\":\"g\",\"clients\":[{\"username\":\"nope\"}]", "'clients' contains an object with a 'username' that does not exist")]
    [InlineData("modifyGroup", "\"groupname\":\"g\",\"clients\":[5]", "'clients' not an array or missing/invalid username")]
    [InlineData("deleteGroup", "\"groupname\":\"anonymous\"", "Deleting the anonymous group is forbidden")]
    [InlineData("createClient", "\"username\":\"a\\u0000b\"", "Username not valid UTF-8")]
    [InlineData("createClient", "\"username\":\"\\udc00\"", "Username not valid UTF-8")]
    [InlineData("createClient", "\"username\":\"\\ufffe\"", "Username not valid UTF-8")]
    [InlineData("createClient", "\"username\":\"n\",\"roles\":[{\"rolename\":\"r\",\"priority\":\"1\"}]", "Invalid/missing priority")]
    [InlineData("createRole", "\"rolename\":\"n\",\"acls\":5", "Invalid/missing acls")]
    [InlineData("createRole", "\"rolename\":\"n\",\"acls\":[5]", "Invalid/missing acls")]
    [InlineData("createRole", "\"rolename\":\"n\",\"acls\":[{\"acltype\":\"nope\",\"topic\":\"a\"}]", "Unknown acltype")]
    [InlineData("createRole", "\"rolename\":\"n\",\"acls\":[{\"acltype\":\"subscribeLiteral\",\"topic\":\"#/a\"}]", "Invalid ACL topic")]
    [InlineData("createRole", "\"rolename\":\"n\",\"acls\":[{\"acltype\":\"subscribeLiteral\",\"topic\":\"a\",\"allow\":1}]", "Invalid/missing allow")]
    [InlineData("createRole", "\"rolename\":\"n\",\"acls\":[{\"acltype\":\"subscribeLiteral\",\"topic\":\"a\"},{\"acltype\":\"subscribeLiteral\",\"topic\":\"a\"}]", "ACL with this topic already exists")]
    [InlineData("createRole", "\"rolename\":\"n\",\"allowwildcardsubs\":\"yes\"", "Invalid/missing allowwildcardsubs")]
    [InlineData("addRoleACL", "\"rolename\":\"r\",\"acltype\":\"publishClientSend\",\"topic\":\"\"", "Invalid ACL topic")]
    [InlineData("addRoleACL", "\"rolename\":\"r\",\"acltype\":\"publishClientSend\",\"topic\":\"a\",\"priority\":true", "Invalid/missing priority")]
    public void Command_ThatIsWrong_IsAnsweredWithItsErrorAndChangesNothing(string command, string fields, string error)
    {
        _world.With("""{"command":"createGroup","groupname":"anonymous"}""", """{"command":"setAnonymousGroup","groupname":"anonymous"}""");
        var before = _world.State;
        var lines = _world.AuditLines.Count;

        Assert.Equal($"{{\"command\":\"{command}\",\"error\":\"{error}\"}}", _world.Do($"{{\"command\":\"{command}\",{fields}}}"));

        Assert.Same(before, _world.State);
        Assert.True(_world.Change.IsEmpty);
        Assert.Equal(lines, _world.AuditLines.Count);
    }

    [Fact]
    public void RoleAcl_OfAnAliasOfTutorials_IsTheTypeThatWasMeant()
    {
        _world.With("""{"command":"addRoleACL","rolename":"r","acltype":"clientPublishSend","topic":"a","allow":true}""", """{"command":"addRoleACL","rolename":"r","acltype":"clientPublishReceive","topic":"a"}""");

        Assert.Equal([new DynamicRule(AclType.PublishClientSend, "a", 0, true), new DynamicRule(AclType.PublishClientReceive, "a", 0, false)], _world.State.Roles["r"].Rules.ToArray());
    }

    [Fact]
    public void Priorities_OutOfRange_AreBroughtIntoIt()
    {
        _world.With(
            """{"command":"createRole","rolename":"s"}""",
            """{"command":"addClientRole","username":"u","rolename":"s","priority":200000}""",
            """{"command":"addRoleACL","rolename":"s","acltype":"subscribeLiteral","topic":"a","priority":-1e99}""");

        Assert.Equal([new RoleGrant("s", 100_000), new RoleGrant("r", -1)], _world.State.Clients["u"].Roles.ToArray());
        Assert.Equal(-100_000, _world.State.Roles["s"].Rules[0].Priority);
    }

    [Fact]
    public void CreateClient_WithAnEmptyPassword_MakesAClientThatCannotLogIn()
    {
        _world.With("""{"command":"createClient","username":"e","password":""}""");

        Assert.Null(_world.State.Clients["e"].Password);
        Assert.Equal(["pass"], _world.Hashed);
    }

    [Fact]
    public void Commands_ThatFail_HashNoPassword()
    {
        _world.Do("""{"command":"createClient","username":"u","password":"p2"}""");
        _world.Do("""{"command":"createClient","username":"v","password":"p3","roles":[{"rolename":"nope"}]}""");
        _world.Do("""{"command":"setClientPassword","username":"nope","password":"p4"}""");

        Assert.Equal(["pass"], _world.Hashed);
    }

    [Fact]
    public void Change_NamesEverythingThatIsDifferent()
    {
        _world.With("""{"command":"modifyClient","username":"u","groups":[]}""");
        Assert.Equal(("u", "g"), (Assert.Single(_world.Change.Clients), Assert.Single(_world.Change.Groups)));
        _world.With("""{"command":"modifyGroup","groupname":"g","clients":[{"username":"u"}]}""");
        Assert.Equal(("u", "g"), (Assert.Single(_world.Change.Clients), Assert.Single(_world.Change.Groups)));
        _world.With("""{"command":"addGroupRole","groupname":"g","rolename":"r"}""", """{"command":"deleteRole","rolename":"r"}""");
        Assert.Equal(("u", "g", "r"), (Assert.Single(_world.Change.Clients), Assert.Single(_world.Change.Groups), Assert.Single(_world.Change.Roles)));
        _world.With("""{"command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]}""");
        Assert.True(_world.Change.DefaultAccess);
        _world.With("""{"command":"setAnonymousGroup","groupname":"g"}""");
        Assert.True(_world.Change.AnonymousGroup);
        _world.With("""{"command":"removeGroupClient","groupname":"g","username":"u"}""", """{"command":"deleteClient","username":"u"}""");
        Assert.Equal(["u"], _world.Change.Clients);
        StateRules.Check(_world.State);
    }

    [Theory]
    [InlineData("""{"command":"enableClient","username":"u"}""")]
    [InlineData("""{"command":"modifyClient","username":"u"}""")]
    [InlineData("""{"command":"setClientId","username":"u"}""")]
    [InlineData("""{"command":"removeGroupRole","groupname":"g","rolename":"r"}""")]
    [InlineData("""{"command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":false}]}""")]
    public void Command_ThatMakesNoDifference_LeavesTheStateAsItIs(string command)
    {
        var before = _world.State;

        _world.With(command);

        Assert.Same(before, _world.State);
        Assert.True(_world.Change.IsEmpty);
    }

    [Fact]
    public void Request_ThatIsRefused_StillAnswersQuestions()
    {
        var before = _world.State;

        var response = _world.Send(
            """{"commands":[{"command":"createRole","rolename":"s","correlationData":"1"},{"command":"getDetails"},{"command":"nope"}]}""", refusal: "disk");

        Assert.Equal(
            """{"responses":[{"command":"createRole","error":"disk","correlationData":"1"},{"command":"getDetails","data":{"clientCount":1,"groupCount":1,"roleCount":1,"changeIndex":3}},{"command":"nope","error":"Unknown command"}]}""",
            response);
        Assert.Same(before, _world.State);
    }

    [Fact]
    public void Request_WithBytesThatAreNoUtf8_IsAnsweredFieldByField()
    {
        Assert.Equal(
            """{"responses":[{"command":"createClient","error":"Username not valid UTF-8"}]}""",
            _world.Send((byte[])[.. """{"commands":[{"command":"createClient","username":"""u8, (byte)'"', 0xFF, (byte)'"', .. "}]}"u8]));
        Assert.Equal(
            """{"responses":[{"command":"Unknown command","error":"Missing command"}]}""",
            _world.Send((byte[])[.. """{"commands":[{"command":"""u8, (byte)'"', 0xFF, (byte)'"', .. "}]}"u8]));
    }

    [Theory]
    [InlineData("\uFEFF{\"commands\":[]}", "{\"responses\":[]}")]
    [InlineData("{\"commands\":[]}\0", "{\"responses\":[]}")]
    [InlineData("{\"commands\":[]}\n ", "{\"responses\":[]}")]
    [InlineData("{\"commands\":[]}x", "{\"responses\":[{\"command\":\"Unknown command\",\"error\":\"Payload not valid JSON\"}]}")]
    public void Request_WithSomethingAroundIt_IsReadAsFarAsItIsJson(string payload, string response) => Assert.Equal(response, _world.Send(payload));

    [Fact]
    public void Request_NestedWithoutEnd_IsNotValid()
    {
        var payload = $"{{\"commands\":[{new string('[', 100_000)}";

        Assert.Equal("""{"responses":[{"command":"Unknown command","error":"Payload not valid JSON"}]}""", _world.Send(payload));
    }

    [Fact]
    public void AuditLines_HaveMosquittosFormTheAddressAndNoPassword()
    {
        _world.AuditLines.Clear();
        _world.With(
            """{"command":"createClient","username":"c1","password":"secret1"}""",
            """{"command":"createClient","username":"c2"}""",
            """{"command":"setClientPassword","username":"c2","password":"secret2"}""",
            """{"command":"modifyClient","username":"c2","password":"secret3"}""",
            """{"command":"addClientRole","username":"c2","rolename":"r","priority":4}""",
            """{"command":"addRoleACL","rolename":"r","acltype":"subscribeliteral","topic":"b","priority":3,"allow":true}""",
            """{"command":"setClientId","username":"c2"}""",
            """{"command":"listClients","count":2}""");

        const string Before = "dynsec: probe/admin | ";
        const string Behind = " | address=127.0.0.1:1234";
        Assert.All(_world.AuditLines, line => Assert.StartsWith(Before, line, StringComparison.Ordinal));
        Assert.All(_world.AuditLines, line => Assert.EndsWith(Behind, line, StringComparison.Ordinal));
        Assert.Equal(
            [
                "createClient | username=c1 | password=*****",
                "createClient | username=c2 | password=no password",
                "setClientPassword | username=c2 | password=******",
                "modifyClient | username=c2",
                "addClientRole | username=c2 | rolename=r | priority=4",
                "addRoleACL | rolename=r | acltype=subscribeliteral | topic=b | priority=3 | allow=true",
                "setClientId | username=c2 | clientid=(null)",
                "listClients | verbose=false | count=2 | offset=0",
            ],
            _world.AuditLines.Select(line => line[Before.Length..^Behind.Length]));
    }
}
