using System.Text.Json.Nodes;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Random commands whose fields are of the right types, over few names, so that they meet.</summary>
internal sealed class RandomCommands(Random random)
{
    private static readonly string[] Names = ["a", "b", "c", "bb", "B", "é", "\ue000", "\ud83d\ude00", "", "a b", "\"\\"];
    private static readonly string[] Topics = ["#", "a/+", "a/b", "%c/x", "$CONTROL/#", "é/\"", "+/+/#"];
    private static readonly string[] Types = ["publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern", "unsubscribeLiteral", "unsubscribePattern"];

    private static readonly string[] Commands =
    [
        "createClient", "createClient", "createClient", "deleteClient", "disableClient", "enableClient", "setClientId", "modifyClient", "modifyClient", "addClientRole", "addClientRole", "removeClientRole",
        "createGroup", "createGroup", "createGroup", "deleteGroup", "modifyGroup", "modifyGroup", "addGroupClient", "addGroupClient", "removeGroupClient", "addGroupRole", "addGroupRole", "removeGroupRole", "setAnonymousGroup",
        "createRole", "createRole", "createRole", "deleteRole", "modifyRole", "addRoleACL", "addRoleACL", "addRoleACL", "removeRoleACL",
    ];

    public JsonObject Next()
    {
        var name = Commands[random.Next(Commands.Length)];
        JsonObject command = new() { ["command"] = name };
        if (name.Contains("Client", StringComparison.Ordinal)) command["username"] = Name();
        if (name.Contains("Group", StringComparison.Ordinal)) command["groupname"] = Name();
        if (name.Contains("Role", StringComparison.Ordinal)) command["rolename"] = Name();
        switch (name)
        {
            case "createClient" or "modifyClient":
                Perhaps(command, "clientid", () => Name());
                Perhaps(command, "textname", () => Name());
                Perhaps(command, "roles", () => References("rolename"));
                Perhaps(command, "groups", () => References("groupname"));
                break;
            case "setClientId":
                Perhaps(command, "clientid", () => Name());
                break;
            case "createGroup" or "modifyGroup":
                Perhaps(command, "textname", () => Name());
                Perhaps(command, "roles", () => References("rolename"));
                if (name == "modifyGroup") Perhaps(command, "clients", () => References("username"));
                break;
            case "createRole" or "modifyRole":
                Perhaps(command, "allowwildcardsubs", () => random.Next(2) == 0);
                Perhaps(command, "acls", Rules);
                break;
            case "addRoleACL" or "removeRoleACL":
                AddRule(command);
                break;
            default:
                if (name.StartsWith("add", StringComparison.Ordinal)) Perhaps(command, "priority", () => Priority());
                break;
        }

        return command;
    }

    private string Name() => Names[random.Next(Names.Length)];

    private int Priority() => random.Next(-3, 4);

    private void Perhaps(JsonObject command, string key, Func<JsonNode> value)
    {
        if (random.Next(2) == 0) command[key] = value();
    }

    private JsonArray References(string key)
    {
        JsonArray array = [];
        for (var i = random.Next(4); i > 0; i--)
        {
            JsonObject entry = new() { [key] = Name() };
            Perhaps(entry, "priority", () => Priority());
            array.Add(entry);
        }

        return array;
    }

    private JsonArray Rules()
    {
        JsonArray array = [];
        foreach (var topic in Topics.Where(_ => random.Next(3) == 0))
        {
            JsonObject entry = [];
            AddRule(entry);
            entry["topic"] = topic;
            array.Add(entry);
        }

        return array;
    }

    private void AddRule(JsonObject rule)
    {
        rule["acltype"] = Types[random.Next(Types.Length)];
        rule["topic"] = Topics[random.Next(Topics.Length)];
        Perhaps(rule, "priority", () => Priority());
        Perhaps(rule, "allow", () => random.Next(2) == 0);
    }
}
