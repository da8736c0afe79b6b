using System.Text.Json;

namespace Nightjar.Host.Verbs.Control;

/// <summary>Prints responses as mosquitto_ctrl does.</summary>
internal static class ResponsePrinter
{
    /// <summary>Prints what a response says; one that says only that all went well prints nothing.</summary>
    /// <returns>False when it has not what its command promises; nothing or a part is printed then.</returns>
    internal static bool Print(ControlResponse response, TextWriter output)
    {
        JsonElement? data = response.Data;
        return response.Command.ToLowerInvariant() switch
        {
            "listclients" => Lines(ControlResponse.Array(data, "clients"), "username", output),
            "listgroups" => Lines(ControlResponse.Array(data, "groups"), "groupname", output),
            "listroles" => Lines(ControlResponse.Array(data, "roles"), "rolename", output),
            "getclient" => Client(ControlResponse.Object(data, "client"), output),
            "getgroup" => Group(ControlResponse.Object(data, "group"), output),
            "getrole" => Role(ControlResponse.Object(data, "role"), output),
            "getdefaultaclaccess" => DefaultAccess(ControlResponse.Array(data, "acls"), output),
            "getanonymousgroup" => AnonymousGroup(ControlResponse.Object(data, "group"), output),
            "getdetails" => Details(data, output),
            "explain" => Lines(ControlResponse.Array(data, "explanation"), "", output),
            "listplugins" => Plugins(ControlResponse.Array(data, "plugins"), output),
            "listlisteners" => Listeners(ControlResponse.Array(data, "listeners"), output),
            _ => true,
        };
    }

    /// <summary>A priority, which is left out of responses where it is -1.</summary>
    internal static string Priority(JsonElement element) => ControlResponse.Number(element, "priority") ?? "-1";

    private static bool Lines(JsonElement? array, string member, TextWriter output)
    {
        if (array is not { } names) return false;
        foreach (string name in ControlResponse.Names(names, member)) output.WriteLine(name);
        return true;
    }

    private static bool Client(JsonElement? client, TextWriter output)
    {
        if (ControlResponse.Text(client, "username") is not { } userName) return false;
        // Brokers of version 2.1 say who is connected, and mosquitto_ctrl of 2.1 makes room for the longer label.
        bool hasConnections = ControlResponse.Array(client, "connections") is not null;
        int width = hasConnections ? "Connections:".Length : "Username:".Length;
        output.WriteLine($"{"Username:".PadRight(width)} {userName}");
        output.WriteLine(ControlResponse.Text(client, "clientid") is { } id ? $"{"Clientid:".PadRight(width)} {id}" : "Clientid:");
        if (ControlResponse.Switch(client, "disabled") is { } disabled) output.WriteLine($"{"Disabled:".PadRight(width)} {(disabled ? "true" : "false")}");
        Table(client, "roles", "Roles:", width, "rolename", hasPriority: true, output);
        Table(client, "groups", "Groups:", width, "groupname", hasPriority: true, output);
        if (hasConnections) Table(client, "connections", "Connections:", width, "address", hasPriority: false, output);
        return true;
    }

    private static bool Group(JsonElement? group, TextWriter output)
    {
        if (ControlResponse.Text(group, "groupname") is not { } name) return false;
        int width = "Groupname:".Length;
        output.WriteLine($"Groupname: {name}");
        Table(group, "roles", "Roles:", width, "rolename", hasPriority: true, output);
        Table(group, "clients", "Clients:", width, "username", hasPriority: false, output);
        return true;
    }

    private static bool Role(JsonElement? role, TextWriter output)
    {
        if (ControlResponse.Text(role, "rolename") is not { } name) return false;
        output.WriteLine($"Rolename: {name}");
        string label = "ACLs:";
        if (ControlResponse.Array(role, "acls") is not { } acls) return true;
        foreach (JsonElement acl in acls.EnumerateArray())
        {
            if (ControlResponse.Text(acl, "acltype") is not { } type) continue;
            output.Write($"{label,-9} {type,-20}");
            if (ControlResponse.Switch(acl, "allow") is { } allow) output.Write(allow ? " : allow" : " : deny ");
            if (ControlResponse.Text(acl, "topic") is { } topic) output.Write($" : {topic}");
            output.WriteLine($" (priority: {Priority(acl)})");
            label = "";
        }

        return true;
    }

    private static bool DefaultAccess(JsonElement? acls, TextWriter output)
    {
        if (acls is not { } array) return false;
        foreach (JsonElement acl in array.EnumerateArray())
        {
            if (ControlResponse.Text(acl, "acltype") is not { } type || ControlResponse.Switch(acl, "allow") is not { } allow) return false;
            output.WriteLine($"{type,-20} : {(allow ? "allow" : "deny")}");
        }

        return true;
    }

    private static bool AnonymousGroup(JsonElement? group, TextWriter output)
    {
        if (ControlResponse.Text(group, "groupname") is not { } name) return false;
        output.WriteLine(name);
        return true;
    }

    private static bool Details(JsonElement? data, TextWriter output)
    {
        if (data is null) return false;
        foreach ((string label, string member) in DetailLabels) output.WriteLine($"{label,-16}{ControlResponse.Number(data, member) ?? "0"}");
        return true;
    }

    /// <summary>The counts of getDetails with their labels.</summary>
    internal static readonly (string Label, string Member)[] DetailLabels =
        [("Client count:", "clientCount"), ("Group count:", "groupCount"), ("Role count:", "roleCount"), ("Change index:", "changeIndex")];

    private static bool Plugins(JsonElement? plugins, TextWriter output)
    {
        if (plugins is not { } array) return false;
        foreach (JsonElement plugin in array.EnumerateArray())
        {
            if (ControlResponse.Text(plugin, "name") is not { } name) return false;
            output.WriteLine($"Plugin:            {name}");
            if (ControlResponse.Text(plugin, "version") is { } version) output.WriteLine($"Version:           {version}");
            if (ControlResponse.Array(plugin, "control-endpoints") is not { } endpoints) continue;
            string label = "Control endpoints:";
            foreach (string endpoint in ControlResponse.Names(endpoints, ""))
            {
                output.WriteLine($"{label,-18} {endpoint}");
                label = "";
            }
        }

        return true;
    }

    private static bool Listeners(JsonElement? listeners, TextWriter output)
    {
        if (listeners is not { } array) return false;
        int number = 0;
        foreach (JsonElement listener in array.EnumerateArray())
        {
            output.WriteLine($"Listener {++number}:");
            if (ControlResponse.Number(listener, "port") is { } port) output.WriteLine($"  Port:              {port}");
            if (ControlResponse.Text(listener, "protocol") is { } protocol) output.WriteLine($"  Protocol:          {protocol}");
            if (ControlResponse.Text(listener, "socket-path") is { } path) output.WriteLine($"  Socket path:       {path}");
            if (ControlResponse.Text(listener, "bind-address") is { } address) output.WriteLine($"  Bind address:      {address}");
            output.WriteLine($"  TLS:               {(ControlResponse.Switch(listener, "tls") is true ? "true" : "false")}");
            output.WriteLine();
        }

        return true;
    }

    // An empty list prints nothing, one that is not there its label: so does mosquitto_ctrl.
    private static void Table(JsonElement? parent, string list, string label, int width, string member, bool hasPriority, TextWriter output)
    {
        if (ControlResponse.Array(parent, list) is not { } array)
        {
            output.WriteLine(label);
            return;
        }

        foreach (JsonElement element in array.EnumerateArray())
        {
            string? name = element.ValueKind == JsonValueKind.Object ? ControlResponse.Text(element, member) : null;
            if (name is null) continue;
            output.Write($"{label.PadRight(width)} {name}");
            output.WriteLine(hasPriority ? $" (priority: {Priority(element)})" : "");
            label = "";
        }
    }
}
