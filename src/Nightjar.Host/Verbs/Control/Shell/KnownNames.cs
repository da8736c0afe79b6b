using System.Text.Json.Nodes;

namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>The clients, groups and roles that the shell has heard of, for completion.</summary>
internal sealed class KnownNames
{
    private readonly SortedSet<string> _clients = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _groups = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _roles = new(StringComparer.Ordinal);

    /// <summary>The names of one kind.</summary>
    internal IReadOnlyCollection<string> Of(ParameterKind kind) => kind switch
    {
        ParameterKind.User => _clients,
        ParameterKind.Group => _groups,
        ParameterKind.Role => _roles,
        _ => [],
    };

    /// <summary>Learns from a response without an error.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="response">What came.</param>
    internal void Learn(JsonObject request, ControlResponse response)
    {
        switch (response.Command)
        {
            case "listClients": Replace(_clients, request, ControlResponse.Array(response.Data, "clients"), "username"); break;
            case "listGroups": Replace(_groups, request, ControlResponse.Array(response.Data, "groups"), "groupname"); break;
            case "listRoles": Replace(_roles, request, ControlResponse.Array(response.Data, "roles"), "rolename"); break;
            case "createClient": _clients.Add(Name(request, "username")); break;
            case "createGroup": _groups.Add(Name(request, "groupname")); break;
            case "createRole": _roles.Add(Name(request, "rolename")); break;
            case "deleteClient": _clients.Remove(Name(request, "username")); break;
            case "deleteGroup": _groups.Remove(Name(request, "groupname")); break;
            case "deleteRole": _roles.Remove(Name(request, "rolename")); break;
        }
    }

    private static string Name(JsonObject request, string field) => request[field]!.GetValue<string>();

    // A page adds to what is known, the whole list is all there is.
    private static void Replace(SortedSet<string> names, JsonObject request, System.Text.Json.JsonElement? array, string member)
    {
        if (array is not { } list) return;
        if (!request.ContainsKey("count") && !request.ContainsKey("offset")) names.Clear();
        names.UnionWith(ControlResponse.Names(list, member));
    }
}
