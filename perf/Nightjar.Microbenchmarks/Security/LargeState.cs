using System.Text;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>Dynamic security of 100 000 clients with a role of their own and two groups, 1000 groups of two roles and 1000 roles of ten rules.</summary>
internal static class LargeState
{
    private const int Clients = 100_000;
    private const int Groups = 1000;
    private const int Roles = 1000;

    /// <summary>Changes of each kind; every other one takes back the one before.</summary>
    internal static IReadOnlyList<(string Name, Func<int, string> Command)> Changes { get; } =
    [
        ("rule of a role", i => i % 2 == 0
            ? """{"command":"addRoleACL","rolename":"role1","acltype":"publishClientSend","topic":"more/#","allow":true}"""
            : """{"command":"removeRoleACL","rolename":"role1","acltype":"publishClientSend","topic":"more/#"}"""),
        ("client disabled", i => $$"""{"command":"{{(i % 2 == 0 ? "disable" : "enable")}}Client","username":"user99999"}"""),
        ("client into group", i => $$"""{"command":"{{(i % 2 == 0 ? "add" : "remove")}}GroupClient","groupname":"group7","username":"user99998"}"""),
        ("role of a client", i => $$"""{"command":"{{(i % 2 == 0 ? "add" : "remove")}}ClientRole","username":"user99997","rolename":"role5"}"""),
        ("role of a group", i => $$"""{"command":"{{(i % 2 == 0 ? "add" : "remove")}}GroupRole","groupname":"group9","rolename":"role7"}"""),
        ("client made, deleted", i => $$"""{"command":"{{(i % 2 == 0 ? "create" : "delete")}}Client","username":"fresh"}"""),
        ("default access", i => $$"""{"command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":{{(i % 2 == 0 ? "true" : "false")}}}]}"""),
    ];

    internal static string UserName(int number) => $"user{number}";

    /// <summary>Makes the state, as a file would.</summary>
    internal static DynamicSecurityState Make()
    {
        StringBuilder json = new("{\"defaultACLAccess\":{\"publishClientSend\":false,\"publishClientReceive\":true,\"subscribe\":false,\"unsubscribe\":true},\"clients\":[");
        for (int i = 0; i < Clients; i++)
            json.Append(i == 0 ? "" : ",").Append($$"""{"username":"{{UserName(i)}}","roles":[{"rolename":"role{{i % Roles}}","priority":5}]}""");
        json.Append("],\"groups\":[");
        for (int i = 0; i < Groups; i++)
        {
            json.Append(i == 0 ? "" : ",").Append($$"""{"groupname":"group{{i}}","roles":[{"rolename":"role{{(i + 1) % Roles}}"},{"rolename":"role{{(i + 2) % Roles}}"}],"clients":[""");
            for (int j = 0; j < 2 * Clients / Groups; j++)
                json.Append(j == 0 ? "" : ",").Append($$"""{"username":"{{UserName(((i * Clients / Groups) + j) % Clients)}}"}""");
            json.Append("]}");
        }

        json.Append("],\"roles\":[");
        for (int i = 0; i < Roles; i++)
        {
            json.Append(i == 0 ? "" : ",").Append($$"""{"rolename":"role{{i}}","acls":[""");
            for (int j = 0; j < 6; j++) json.Append($$"""{"acltype":"publishClientReceive","topic":"site/{{i}}/line/{{j}}/#","priority":{{j}},"allow":{{(j % 3 == 0 ? "false" : "true")}}},""");
            json.Append("""{"acltype":"publishClientSend","topic":"site/+/#","allow":true},{"acltype":"publishClientSend","topic":"dev/%c/#","allow":true},""");
            json.Append("""{"acltype":"subscribePattern","topic":"site/#","allow":true},{"acltype":"subscribeLiteral","topic":"#","allow":false}]}""");
        }

        json.Append("]}");
        return DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(json.ToString()), "dynamic-security.json").State;
    }
}
