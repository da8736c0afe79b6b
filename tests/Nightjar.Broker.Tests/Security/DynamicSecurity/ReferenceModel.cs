using System.Text;
using System.Text.Json.Nodes;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>The commands on plain dictionaries, as naively as they can be written: what a random sequence of them must come to.</summary>
internal sealed class ReferenceModel
{
    private static readonly string[] Types = ["publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern", "unsubscribeLiteral", "unsubscribePattern"];
    private readonly Dictionary<string, Client> _clients = [];
    private readonly Dictionary<string, Group> _groups = [];
    private readonly Dictionary<string, Role> _roles = [];
    private string? _anonymous;

    /// <summary>Carries out a command whose fields are of the right types.</summary>
    /// <returns>The error; null for none.</returns>
    public string? Run(JsonObject c)
    {
        string? user = (string?)c["username"], group = (string?)c["groupname"], role = (string?)c["rolename"];
        switch ((string)c["command"]!)
        {
            case "createClient":
                if (_clients.ContainsKey(user!)) return "Client already exists";
                if (Unknown(c["roles"], "rolename", _roles)) return "Role not found";
                if (Unknown(c["groups"], "groupname", _groups)) return "Group not found";
                _clients[user!] = new Client { ClientId = NullIfEmpty((string?)c["clientid"]), TextName = (string?)c["textname"], Roles = References(c["roles"], "rolename") ?? [] };
                SetGroups(user!, c["groups"]);
                return null;
            case "deleteClient":
                if (!_clients.Remove(user!)) return "Client not found";
                foreach (var g in _groups.Values) g.Members.Remove(user!);
                return null;
            case "disableClient":
            case "enableClient":
                if (!_clients.TryGetValue(user!, out var switched)) return "Client not found";
                switched.IsDisabled = (string)c["command"]! == "disableClient";
                return null;
            case "setClientId":
                if (!_clients.TryGetValue(user!, out var named)) return "Client not found";
                named.ClientId = NullIfEmpty((string?)c["clientid"]);
                return null;
            case "modifyClient":
                if (!_clients.TryGetValue(user!, out var client)) return "Client not found";
                if (Unknown(c["roles"], "rolename", _roles)) return "Role does not exist";
                if (Unknown(c["groups"], "groupname", _groups)) return "'groups' contains an object with a 'groupname' that does not exist";
                if (c["clientid"] is { } id) client.ClientId = NullIfEmpty((string?)id);
                client.TextName = (string?)c["textname"] ?? client.TextName;
                client.Roles = References(c["roles"], "rolename") ?? client.Roles;
                SetGroups(user!, c["groups"]);
                return null;
            case "addClientRole":
                if (!_clients.TryGetValue(user!, out var granted)) return "Client not found";
                if (!_roles.ContainsKey(role!)) return "Role not found";
                return granted.Roles.TryAdd(role!, (int?)c["priority"] ?? -1) ? null : "Internal error";
            case "removeClientRole":
                if (!_clients.TryGetValue(user!, out var revoked)) return "Client not found";
                if (!_roles.ContainsKey(role!)) return "Role not found";
                revoked.Roles.Remove(role!);
                return null;
            default:
                return RunOther(c, user, group, role);
        }
    }

    /// <summary>What the verbose listings show.</summary>
    public (string Clients, string Groups, string Roles) Listings() =>
        (
            Answer("listClients", "clients", Sorted(_clients).Select(entry => Show(entry.Key, entry.Value))),
            Answer("listGroups", "groups", Sorted(_groups).Select(entry => Show(entry.Key, entry.Value))),
            Answer("listRoles", "roles", Sorted(_roles).Select(entry => Show(entry.Key, entry.Value))));

    public string Anonymous => _anonymous ?? "";

    private string? RunOther(JsonObject c, string? user, string? group, string? role)
    {
        switch ((string)c["command"]!)
        {
            case "createGroup":
                if (_groups.ContainsKey(group!)) return "Group already exists";
                if (Unknown(c["roles"], "rolename", _roles)) return "Role not found";
                _groups[group!] = new Group { TextName = (string?)c["textname"], Roles = References(c["roles"], "rolename") ?? [] };
                return null;
            case "deleteGroup":
                if (!_groups.ContainsKey(group!)) return "Group not found";
                if (group == _anonymous) return "Deleting the anonymous group is forbidden";
                _groups.Remove(group!);
                return null;
            case "modifyGroup":
                if (!_groups.TryGetValue(group!, out var modified)) return "Group not found";
                if (Unknown(c["roles"], "rolename", _roles)) return "Role not found";
                if (Unknown(c["clients"], "username", _clients)) return "'clients' contains an object with a 'username' that does not exist";
                modified.TextName = (string?)c["textname"] ?? modified.TextName;
                modified.Roles = References(c["roles"], "rolename") ?? modified.Roles;
                modified.Members = References(c["clients"], "username") ?? modified.Members;
                return null;
            case "addGroupClient":
            case "removeGroupClient":
                if (!_clients.ContainsKey(user!)) return "Client not found";
                if (!_groups.TryGetValue(group!, out var joined)) return "Group not found";
                if ((string)c["command"]! == "addGroupClient") return joined.Members.TryAdd(user!, (int?)c["priority"] ?? -1) ? null : "Client is already in this group";
                joined.Members.Remove(user!);
                return null;
            case "addGroupRole":
            case "removeGroupRole":
                if (!_groups.TryGetValue(group!, out var ruled)) return "Group not found";
                if (!_roles.ContainsKey(role!)) return "Role not found";
                if ((string)c["command"]! == "addGroupRole") return ruled.Roles.TryAdd(role!, (int?)c["priority"] ?? -1) ? null : "Group is already in this role";
                ruled.Roles.Remove(role!);
                return null;
            case "setAnonymousGroup":
                if (!_groups.ContainsKey(group!)) return "Group not found";
                _anonymous = group;
                return null;
            default:
                return RunRole(c, role!);
        }
    }

    private string? RunRole(JsonObject c, string role)
    {
        switch ((string)c["command"]!)
        {
            case "createRole":
                if (_roles.ContainsKey(role)) return "Role already exists";
                _roles[role] = new Role { AllowWildcards = (bool?)c["allowwildcardsubs"] ?? true, Rules = Rules(c["acls"]) ?? [] };
                return null;
            case "deleteRole":
                if (!_roles.Remove(role)) return "Role not found";
                foreach (var client in _clients.Values) client.Roles.Remove(role);
                foreach (var group in _groups.Values) group.Roles.Remove(role);
                return null;
            case "modifyRole":
                if (!_roles.TryGetValue(role, out var modified)) return "Role does not exist";
                modified.AllowWildcards = (bool?)c["allowwildcardsubs"] ?? modified.AllowWildcards;
                modified.Rules = Rules(c["acls"]) ?? modified.Rules;
                return null;
            case "addRoleACL":
                if (!_roles.TryGetValue(role, out var added)) return "Role not found";
                var rule = RuleOf(c);
                if (added.Rules.Exists(other => other.Type == rule.Type && other.Topic == rule.Topic)) return "ACL with this topic already exists";
                added.Rules.Add(rule);
                return null;
            case "removeRoleACL":
                if (!_roles.TryGetValue(role, out var removed)) return "Role not found";
                return removed.Rules.RemoveAll(other => other.Type == (string)c["acltype"]! && other.Topic == (string)c["topic"]!) > 0 ? null : "ACL not found";
            default:
                throw new InvalidOperationException((string)c["command"]!);
        }
    }

    private void SetGroups(string user, JsonNode? list)
    {
        if (References(list, "groupname") is not { } wanted) return;
        foreach (var (name, group) in _groups)
        {
            group.Members.Remove(user);
            if (wanted.TryGetValue(name, out var priority)) group.Members[user] = priority;
        }
    }

    private static bool Unknown<T>(JsonNode? list, string key, Dictionary<string, T> known) => list is not null && list.AsArray().Any(entry => !known.ContainsKey((string)entry![key]!));

    private static Dictionary<string, int>? References(JsonNode? list, string key)
    {
        if (list is null) return null;
        Dictionary<string, int> references = [];
        foreach (var entry in list.AsArray()) references.TryAdd((string)entry![key]!, (int?)entry["priority"] ?? -1);
        return references;
    }

    private static List<Rule>? Rules(JsonNode? list) => list?.AsArray().Select(entry => RuleOf(entry!.AsObject())).ToList();

    private static Rule RuleOf(JsonObject c) => new((string)c["acltype"]!, (string)c["topic"]!, (int?)c["priority"] ?? 0, (bool?)c["allow"] ?? false);

    private static string? NullIfEmpty(string? text) => text is "" ? null : text;

    private static IEnumerable<KeyValuePair<string, T>> Sorted<T>(Dictionary<string, T> entries) => entries.OrderBy(entry => Convert.ToHexString(Encoding.UTF8.GetBytes(entry.Key)), StringComparer.Ordinal);

    private static JsonArray Show(string key, IEnumerable<KeyValuePair<string, int>> references)
    {
        JsonArray array = [];
        foreach (var (name, priority) in references)
        {
            JsonObject entry = new() { [key] = name };
            if (priority != -1) entry["priority"] = priority;
            array.Add(entry);
        }

        return array;
    }

    private static IEnumerable<KeyValuePair<string, int>> ByPriority(Dictionary<string, int> references) => Sorted(references).OrderByDescending(entry => entry.Value);

    private JsonObject Show(string name, Client client)
    {
        JsonObject shown = new() { ["username"] = name };
        if (client.ClientId is not null) shown["clientid"] = client.ClientId;
        if (client.TextName is not null) shown["textname"] = client.TextName;
        if (client.IsDisabled) shown["disabled"] = true;
        shown["roles"] = Show("rolename", ByPriority(client.Roles));
        shown["groups"] = Show("groupname", ByPriority(_groups.Where(entry => entry.Value.Members.ContainsKey(name)).ToDictionary(entry => entry.Key, entry => entry.Value.Members[name])));
        return shown;
    }

    private static JsonObject Show(string name, Group group)
    {
        JsonObject shown = new() { ["groupname"] = name };
        if (group.TextName is not null) shown["textname"] = group.TextName;
        shown["clients"] = Show("username", Sorted(group.Members).Select(entry => KeyValuePair.Create(entry.Key, -1)));
        shown["roles"] = Show("rolename", ByPriority(group.Roles));
        return shown;
    }

    private static JsonObject Show(string name, Role role)
    {
        JsonArray rules = [];
        foreach (var rule in Types.SelectMany(type => role.Rules.Where(rule => rule.Type == type).OrderByDescending(rule => rule.Priority)))
            rules.Add(new JsonObject { ["acltype"] = rule.Type, ["topic"] = rule.Topic, ["priority"] = rule.Priority, ["allow"] = rule.IsAllowed });
        return new JsonObject { ["rolename"] = name, ["allowwildcardsubs"] = role.AllowWildcards, ["acls"] = rules };
    }

    private static string Answer(string command, string list, IEnumerable<JsonObject> entries)
    {
        JsonArray array = [.. entries];
        return new JsonObject { ["command"] = command, ["data"] = new JsonObject { ["totalCount"] = array.Count, [list] = array } }.ToJsonString();
    }

    private sealed class Client
    {
        public string? ClientId { get; set; }

        public string? TextName { get; set; }

        public bool IsDisabled { get; set; }

        public Dictionary<string, int> Roles { get; set; } = [];
    }

    private sealed class Group
    {
        public string? TextName { get; set; }

        public Dictionary<string, int> Roles { get; set; } = [];

        public Dictionary<string, int> Members { get; set; } = [];
    }

    private sealed class Role
    {
        public bool AllowWildcards { get; set; }

        public List<Rule> Rules { get; set; } = [];
    }

    private sealed record Rule(string Type, string Topic, int Priority, bool IsAllowed);
}
