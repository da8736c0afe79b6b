using System.Collections.Immutable;
using System.Text;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>A dynamic security in memory, written as the file it could have been read from.</summary>
internal sealed class DynamicSecurityWorld
{
    /// <summary>User bob with role r, whose rules a test gives; user eve with nothing; an anonymous group with role a.</summary>
    internal DynamicSecurityWorld(params string[] rules) => Service = new DynamicSecurityService(StateOf(rules));

    internal DynamicSecurityService Service { get; }

    internal DynamicSecurityState State => Service.Program.State;

    /// <summary>Puts another state in force.</summary>
    internal void Replace(DynamicSecurityState state, DynamicSecurityChange change) => Service.Take(state, change);

    /// <summary>Gives the role of bob other rules, each <c>TYPE allow|deny TOPIC [PRIORITY]</c>.</summary>
    internal void SetRules(params string[] rules) => SetRole("r", rules);

    internal void SetRole(string name, params string[] rules)
    {
        var role = State.Roles[name] with { Rules = RulesOf(rules) };
        Replace(State with { Roles = State.Roles.SetItem(name, role) }, new DynamicSecurityChange { Roles = [name] });
    }

    /// <summary>Changes one client; null deletes it.</summary>
    internal void SetClient(string userName, Func<DynamicClient, DynamicClient?> change)
    {
        var client = change(State.Clients[userName]);
        var clients = client is null ? State.Clients.Remove(userName) : State.Clients.SetItem(userName, client);
        Replace(State with { Clients = clients }, new DynamicSecurityChange { Clients = [userName] });
    }

    internal static DynamicSecurityState Parse(string json) => DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(json), "dynamic-security.json").State;

    private static DynamicSecurityState StateOf(string[] rules)
    {
        var state = Parse(
            """
            { "defaultACLAccess": { "publishClientSend": false, "publishClientReceive": false, "subscribe": false, "unsubscribe": true },
              "clients": [ { "username": "bob", "roles": [ { "rolename": "r" } ] }, { "username": "eve" } ],
              "groups": [ { "groupname": "nameless", "roles": [ { "rolename": "a" } ] } ], "anonymousGroup": "nameless",
              "roles": [ { "rolename": "r", "acls": [] }, { "rolename": "a", "acls": [] } ] }
            """);
        return state with { Roles = state.Roles.SetItem("r", state.Roles["r"] with { Rules = RulesOf(rules) }) };
    }

    private static ImmutableArray<DynamicRule> RulesOf(string[] rules) =>
        [.. rules.Select(RuleOf).OrderBy(rule => rule.AclType).ThenByDescending(rule => rule.Priority)];

    private static DynamicRule RuleOf(string text)
    {
        var words = text.Split(' ');
        return new DynamicRule(
            Enum.Parse<AclType>(words[0], ignoreCase: true), words[2], words.Length > 3 ? int.Parse(words[3], System.Globalization.CultureInfo.InvariantCulture) : 0, words[1] == "allow");
    }
}
