using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>The examples of the specification, and what the reference cannot say because it is no rule.</summary>
public sealed class DynamicSecurityRuleTests
{
    // Section 1.5, row 11: client sensor with role hallway; groups temperature (2) with input (5) and output (1), humidity (1) with humidity.
    private const string Sensor =
        """
        { "defaultACLAccess": { "publishClientSend": false, "publishClientReceive": true, "subscribe": false, "unsubscribe": true },
          "clients": [ { "username": "sensor", "roles": [ { "rolename": "hallway" } ] } ],
          "groups": [
            { "groupname": "humidity", "roles": [ { "rolename": "humidity" } ], "clients": [ { "username": "sensor", "priority": 1 } ] },
            { "groupname": "temperature", "roles": [ { "rolename": "output", "priority": 1 }, { "rolename": "input", "priority": 5 } ],
              "clients": [ { "username": "sensor", "priority": 2 } ] } ],
          "roles": [ ROLES ] }
        """;

    private static readonly string[] s_inOrder = ["hallway", "input", "output", "humidity"];

    [Fact]
    public void Roles_OfThePriorityExample_AreAskedInItsOrder()
    {
        // Of any two roles that speak of one topic and disagree, the one that stands in front decides.
        for (var first = 0; first < s_inOrder.Length; first++)
        {
            for (var second = first + 1; second < s_inOrder.Length; second++)
            {
                foreach (var allowed in new[] { true, false })
                {
                    var program = Compile(name => name == s_inOrder[first] ? allowed : name == s_inOrder[second] ? !allowed : null);
                    Assert.Equal(allowed, program.Decide(new Identity("c", "sensor", null), AccessAction.Write, "t"u8));
                }
            }
        }
    }

    [Fact]
    public void Explanation_OfThePriorityExample_NamesTheRolesInItsOrderAndTheRuleThatDecides()
    {
        var state = Compile(name => name == "humidity" ? true : null).State;
        var explanation = DynamicSecurityExplanation.Of(state, "sensor", "c1", AccessAction.Write, "t");
        Assert.True(explanation.IsAllowed);
        Assert.Equal(
            [
                "publishClientSend 't' by user 'sensor' with client id 'c1': allowed",
                "decided by role 'humidity' of group 'humidity' (priority 1): publishClientSend allow 't' (priority 0)",
                "role 'hallway' of the client: none of its 0 rules for this matches",
                "role 'input' (priority 5) of group 'temperature' (priority 2): none of its 0 rules for this matches",
                "role 'output' (priority 1) of group 'temperature' (priority 2): none of its 0 rules for this matches",
            ],
            explanation.Lines);
    }

    [Theory]
    [InlineData("nobody", AccessAction.Write, "t", "there is no such client: the ACL file is asked, if there is one")]
    [InlineData(null, AccessAction.Write, "t", "there is no anonymous group: the ACL file is asked, if there is one")]
    [InlineData("sensor", AccessAction.Write, "t", "decided by default access: publishClientSend deny")]
    [InlineData("sensor", AccessAction.Read, "t", "decided by default access: publishClientReceive allow")]
    [InlineData("sensor", AccessAction.Read, "$CONTROL/x", "decided by default: $CONTROL is never given by default access")]
    [InlineData("sensor", AccessAction.Write, "$SYS/broker/uptime", "decided by the broker: nobody else publishes to $SYS")]
    [InlineData("sensor", AccessAction.Write, "$SYS/broker/connection/x/state", "decided by default access: publishClientSend deny")]
    [InlineData("a+b", AccessAction.Read, "t", "decided by auth_plugin_deny_special_chars: user name or client id has + or #")]
    public void Explanation_WithoutARule_NamesWhatDecides(string? userName, AccessAction action, string topic, string decision) =>
        Assert.Equal(decision, DynamicSecurityExplanation.Of(Compile(_ => null).State, userName, "c1", action, topic).Lines[1]);

    [Fact]
    public void Explanation_OfASharedSubscription_AsksForItsFilter()
    {
        var state = new DynamicSecurityWorld("subscribeLiteral allow a/#").State;
        foreach (var (filter, allowed) in new[] { ("$share/g/a/#", true), ("$share/g/b", false), ("a/#", true) })
            Assert.Equal(allowed, DynamicSecurityExplanation.Of(state, "bob", "c", AccessAction.Subscribe, filter).IsAllowed);
        Assert.Contains("note: of a shared subscription its filter is asked, 'b'", DynamicSecurityExplanation.Of(state, "bob", "c", AccessAction.Subscribe, "$share/g/b").Lines);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    public void Explanation_OfRandomDecisions_SaysWhatIsDecided(int seed)
    {
        if (seed == 0) seed = Environment.TickCount;
        var random = new Random(seed);
        var source = new RandomRights(random);
        for (var i = 0; i < 200; i++)
        {
            var (state, _) = source.Next();
            var program = DynamicSecurityProgram.Compile(state);
            for (var j = 0; j < 20; j++)
            {
                var identity = source.NextIdentity();
                var action = (AccessAction)random.Next(4);
                var topic = action is AccessAction.Read or AccessAction.Write ? source.NextTopic() : source.NextFilter();
                var explanation = DynamicSecurityExplanation.Of(state, identity.UserName, identity.ClientId, action, topic, deniesSpecialCharacters: false);
                var decided = action == AccessAction.Write && AccessGate.IsBrokersOwn(Encoding.UTF8.GetBytes(topic)) ? false : program.Decide(identity, action, Encoding.UTF8.GetBytes(topic));
                Assert.True(
                    decided == explanation.IsAllowed,
                    $"seed {seed}: {string.Join('\n', explanation.Lines)}");
            }
        }
    }

    [Theory]
    [InlineData("a+b", "c")]
    [InlineData("bob", "a#")]
    public void May_WithASpecialCharacterInAName_NothingUnlessTheOptionSaysSo(string userName, string clientId)
    {
        var state = DynamicSecurityWorld.Parse(
            """{ "defaultACLAccess": { "publishClientReceive": true }, "clients": [ { "username": "a+b" }, { "username": "bob" } ] }""");
        var identity = new Identity(clientId, userName, null);
        Assert.False(new DynamicSecurityService(state).CreateAuthorizer().May(identity, AccessAction.Read, "t"u8));
        Assert.True(new DynamicSecurityService(state, deniesSpecialCharacters: false).CreateAuthorizer().May(identity, AccessAction.Read, "t"u8));
    }

    [Fact]
    public void Pattern_WithTheNameOfAClientThatIsAWildcard_CoversNothing()
    {
        var world = new DynamicSecurityWorld("subscribePattern allow devices/%c", "subscribePattern allow devices/%c/#");
        foreach (var clientId in (string[])["+", "#", "a/b"])
        {
            foreach (var filter in (string[])["devices/+", "devices/#", "devices/a/b", "devices/+/#"])
                Assert.False(world.Service.Program.Decide(new Identity(clientId, "bob", null), AccessAction.Subscribe, Encoding.UTF8.GetBytes(filter)));
        }
    }

    // Section 1.5, row 8: a pattern that denies goes for filters that begin with $ as well, whatever its first level stands for; one that allows does not.
    [Theory]
    [InlineData("Pattern deny #", "$SYS/#", false)]
    [InlineData("Pattern deny #", "$SYS", false)]
    [InlineData("Pattern deny #", "$CONTROL/dynamic-security/v1/response", false)]
    [InlineData("Pattern deny +/broker/#", "$SYS/broker/uptime", false)]
    [InlineData("Pattern deny +/broker/#", "$SYS/other", true)]
    [InlineData("Pattern deny %u/#", "$me/#", false)]
    [InlineData("Pattern deny %c/#", "$cid/#", false)]
    [InlineData("Pattern deny %c/#", "$me/#", true)]
    [InlineData("Pattern deny $SYS/#", "#", true)]
    [InlineData("Literal deny #", "$SYS/#", true)]
    [InlineData("Literal deny #", "#", false)]
    [InlineData("Literal deny $SYS/#", "$SYS/#", false)]
    public void Deny_OfFilters_CoversReservedTopics(string rule, string filter, bool granted)
    {
        foreach (var (action, prefix) in new[] { (AccessAction.Subscribe, "subscribe"), (AccessAction.Unsubscribe, "unsubscribe") })
        {
            // All else is allowed, with a lower priority.
            var world = new DynamicSecurityWorld($"{prefix}{rule} 1", $"{prefix}Pattern allow #", $"{prefix}Pattern allow $SYS/#", $"{prefix}Pattern allow $CONTROL/#", $"{prefix}Pattern allow $me/#");
            var state = world.Service.Program.State;
            state = state with { Clients = state.Clients.Add("$me", state.Clients["bob"] with { UserName = "$me" }) };
            var identity = new Identity("$cid", "$me", null);
            Assert.Equal(granted, DynamicSecurityProgram.Compile(state).Decide(identity, action, Encoding.UTF8.GetBytes(filter)));
            Assert.Equal(granted, DynamicSecurityExplanation.Of(state, "$me", "$cid", action, filter).IsAllowed);
        }
    }

    [Theory]
    [InlineData("subscribePattern allow #", AccessAction.Subscribe, "$SYS/#")]
    [InlineData("subscribePattern allow +/#", AccessAction.Subscribe, "$SYS/#")]
    [InlineData("publishClientSend allow #", AccessAction.Write, "$share/x")]
    public void Allow_OfEverything_DoesNotCoverReservedTopics(string rule, AccessAction action, string topic) =>
        Assert.False(new DynamicSecurityWorld(rule).Service.Program.Decide(new Identity("c", "bob", null), action, Encoding.UTF8.GetBytes(topic)));

    [Fact]
    public void May_UserThatIsNotKnown_IsTheNextOnes()
    {
        var world = new DynamicSecurityWorld("publishClientSend allow a");
        var next = Nightjar.Broker.Security.AccessLists.AccessList.Parse(["user carol", "topic b"], "f").Compile();
        var chain = world.Service.CreateAuthorizer(next);
        Assert.True(chain.May(new Identity("c", "bob", null), AccessAction.Write, "a"u8));
        Assert.False(chain.May(new Identity("c", "bob", null), AccessAction.Write, "b"u8));
        Assert.True(chain.May(new Identity("c", "carol", null), AccessAction.Write, "b"u8));
        Assert.False(chain.May(new Identity("c", "carol", null), AccessAction.Write, "a"u8));
        Assert.False(world.Service.CreateAuthorizer().May(new Identity("c", "carol", null), AccessAction.Unsubscribe, "b"u8));
    }

    [Fact]
    public void May_WithoutAGroupForClientsWithoutAName_WhatTheDefaultAccessSays()
    {
        var rules = new DynamicSecurityService(DynamicSecurityWorld.Parse("""{ "defaultACLAccess": { "publishClientReceive": true } }""")).CreateAuthorizer();
        Assert.True(rules.May(new Identity("c", null, null), AccessAction.Read, "a"u8));
        Assert.False(rules.May(new Identity("c", null, null), AccessAction.Write, "a"u8));
        Assert.False(rules.May(new Identity("c", null, null), AccessAction.Read, "$CONTROL/dynamic-security/v1/response"u8));
    }

    [Theory]
    [InlineData("attic", "c", AccessAction.Write, "room/attic/temperature", true)]
    [InlineData("attic", "c", AccessAction.Write, "room/cellar/temperature", false)]
    [InlineData("attic", "c", AccessAction.Subscribe, "room/#", false)]
    [InlineData("wallboard", "wallboard-1", AccessAction.Subscribe, "room/#", true)]
    [InlineData("wallboard", "wallboard-1", AccessAction.Read, "room/attic/temperature", true)]
    [InlineData("wallboard", "wallboard-1", AccessAction.Read, "room/safe/door", false)]
    [InlineData("wallboard", "wallboard-1", AccessAction.Write, "room/attic/temperature", false)]
    [InlineData("admin", "c", AccessAction.Write, "$CONTROL/dynamic-security/v1", true)]
    [InlineData("admin", "c", AccessAction.Write, "room/attic/temperature", false)]
    [InlineData("admin", "c", AccessAction.Subscribe, "$SYS/#", true)]
    public async Task Example_AsItIsShipped_LoadsAndMeansWhatItSays(string userName, string clientId, AccessAction action, string topic, bool granted)
    {
        var content = File.ReadAllBytes(Path.Combine(Nightjar.Testing.RepositoryTree.Root, "config", "dynamic-security.json.example"));
        var file = DynamicSecurityFile.Parse(content, "dynamic-security.json.example");
        Assert.Empty(file.Warnings);
        var service = new DynamicSecurityService(file.State);
        Assert.Equal(granted, service.CreateAuthorizer().May(new Identity(clientId, userName, null), action, Encoding.UTF8.GetBytes(topic)));
        var login = new AuthenticationRequest(clientId, userName, "password"u8.ToArray(), null, AnonymousAllowed: false);
        Assert.True((await service.CreateAuthenticator().AuthenticateAsync(login, CancellationToken.None)).IsSuccess);
    }

    // Section 1.5, row 2: the administrator of dynsec init may administer and observe, and publish to nothing else.
    [Theory]
    [InlineData(AccessAction.Write, "$CONTROL/dynamic-security/v1", true)]
    [InlineData(AccessAction.Write, "$CONTROL/broker/v1", false)]
    [InlineData(AccessAction.Write, "a", false)]
    [InlineData(AccessAction.Write, "$SYS/broker/connection/c/state", false)]
    [InlineData(AccessAction.Read, "$CONTROL/dynamic-security/v1/response", true)]
    [InlineData(AccessAction.Read, "$CONTROL/broker/v1/response", false)]
    [InlineData(AccessAction.Read, "$SYS/broker/uptime", true)]
    [InlineData(AccessAction.Read, "a", true)]
    [InlineData(AccessAction.Subscribe, "$CONTROL/dynamic-security/#", true)]
    [InlineData(AccessAction.Subscribe, "$CONTROL/#", false)]
    [InlineData(AccessAction.Subscribe, "$SYS/#", true)]
    [InlineData(AccessAction.Subscribe, "#", true)]
    [InlineData(AccessAction.Subscribe, "a/+", true)]
    [InlineData(AccessAction.Unsubscribe, "a/+", true)]
    public void Admin_OfANewFile_MayAdministerAndObserveOnly(AccessAction action, string topic, bool granted)
    {
        var content = DynamicSecurityTool.InitialContent("admin", Nightjar.Broker.Security.Passwords.PasswordHash.Make("x"u8, Nightjar.Broker.Security.Passwords.PasswordHashForm.Sha512));
        var program = DynamicSecurityProgram.Compile(DynamicSecurityFile.Parse(content, "f").State);
        Assert.Equal(granted, program.Decide(new Identity("c", "admin", null), action, Encoding.UTF8.GetBytes(topic)));
    }

    // Section 3.3: what each of the usual roles is for.
    [Theory]
    [InlineData("broker-admin", AccessAction.Write, "$CONTROL/broker/v1", true)]
    [InlineData("broker-admin", AccessAction.Write, "$CONTROL/dynamic-security/v1", false)]
    [InlineData("dynsec-admin", AccessAction.Write, "$CONTROL/dynamic-security/v1", true)]
    [InlineData("dynsec-admin", AccessAction.Write, "$CONTROL/broker/v1", false)]
    [InlineData("super-admin", AccessAction.Write, "$CONTROL/anything/v1", true)]
    [InlineData("super-admin", AccessAction.Write, "a", false)]
    [InlineData("client", AccessAction.Write, "a/b", true)]
    [InlineData("client", AccessAction.Write, "$CONTROL/broker/v1", false)]
    [InlineData("client", AccessAction.Subscribe, "#", true)]
    [InlineData("client", AccessAction.Subscribe, "$SYS/#", false)]
    [InlineData("sys-notify", AccessAction.Write, "$SYS/broker/connection/me/state", true)]
    [InlineData("sys-notify", AccessAction.Write, "$SYS/broker/connection/you/state", false)]
    [InlineData("sys-observe", AccessAction.Subscribe, "$SYS/broker/#", true)]
    [InlineData("sys-observe", AccessAction.Write, "$SYS/broker/uptime", false)]
    [InlineData("topic-observe", AccessAction.Subscribe, "a/#", true)]
    [InlineData("topic-observe", AccessAction.Write, "a", false)]
    public void Role_OfTheFirstFile_MayWhatItIsFor(string role, AccessAction action, string topic, bool granted)
    {
        var hash = Nightjar.Broker.Security.Passwords.PasswordHash.Make("x"u8, Nightjar.Broker.Security.Passwords.PasswordHashForm.Sha512);
        var state = DynamicSecurityFirstFile.State(hash, hash);
        state = state with { Clients = state.Clients.SetItem("admin", state.Clients["admin"] with { Roles = [new RoleGrant(role, -1)] }) };
        Assert.Equal(granted, DynamicSecurityProgram.Compile(state).Decide(new Identity("me", "admin", null), action, Encoding.UTF8.GetBytes(topic)));
    }

    [Fact]
    public void Decide_OnceTheClientIsKnown_AllocatesNothing()
    {
        var world = new DynamicSecurityWorld("publishClientReceive allow a/+/c 1", "publishClientReceive deny a/%c/#", "publishClientReceive allow #");
        var identity = new Identity("me", "bob", null);
        Assert.False(world.Service.Program.Decide(identity, AccessAction.Read, "a/me/x"u8));
        Nightjar.Testing.Allocation.AssertNone(() => world.Service.Program.Decide(identity, AccessAction.Read, "a/me/x"u8));
    }

    private static DynamicSecurityProgram Compile(Func<string, bool?> ruleOf)
    {
        var roles = s_inOrder.Select(name => ruleOf(name) is { } allow
            ? $$"""{ "rolename": "{{name}}", "acls": [ { "acltype": "publishClientSend", "topic": "t", "allow": {{(allow ? "true" : "false")}} } ] }"""
            : $$"""{ "rolename": "{{name}}" }""");
        return DynamicSecurityProgram.Compile(DynamicSecurityWorld.Parse(Sensor.Replace("ROLES", string.Join(", ", roles), StringComparison.Ordinal)));
    }
}
