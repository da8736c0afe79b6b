using System.Text.Json;

namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>Prints responses as the shell of mosquitto_ctrl 2.1 does: a label, and what it stands for in the lines below.</summary>
internal static class ShellPrinter
{
    private const string Indent = "  ";

    /// <summary>Prints what a response says, <c>OK</c> when it says only that all went well.</summary>
    /// <returns>False when it has not what its command promises.</returns>
    internal static bool Print(ControlResponse response, TextWriter output)
    {
        switch (response.Command)
        {
            case "getClient": return Client(ControlResponse.Object(response.Data, "client"), output);
            case "getGroup": return Group(ControlResponse.Object(response.Data, "group"), output);
            case "getRole": return Role(ControlResponse.Object(response.Data, "role"), output);
            case "getDefaultACLAccess": return DefaultAccess(ControlResponse.Array(response.Data, "acls"), output);
            case "listPlugins": return Plugins(ControlResponse.Array(response.Data, "plugins"), output);
            case "listListeners": return Listeners(ControlResponse.Array(response.Data, "listeners"), output);
        }

        if (response.Data is not null) return ResponsePrinter.Print(response, output);
        output.WriteLine("OK");
        return true;
    }

    private static bool Client(JsonElement? client, TextWriter output)
    {
        if (ControlResponse.Text(client, "username") is not { } name) return false;
        Value("Username:", name, output);
        Value("Clientid:", ControlResponse.Text(client, "clientid"), output);
        if (ControlResponse.Switch(client, "disabled") is true) Value("Disabled:", "true", output);
        Texts(client, output);
        List("Roles:", ControlResponse.Array(client, "roles"), "rolename", hasPriority: true, output);
        List("Groups:", ControlResponse.Array(client, "groups"), "groupname", hasPriority: true, output);
        List("Connections:", ControlResponse.Array(client, "connections"), "address", hasPriority: false, output);
        return true;
    }

    private static bool Group(JsonElement? group, TextWriter output)
    {
        if (ControlResponse.Text(group, "groupname") is not { } name) return false;
        Value("Group name:", name, output);
        Texts(group, output);
        List("Roles:", ControlResponse.Array(group, "roles"), "rolename", hasPriority: true, output);
        List("Clients:", ControlResponse.Array(group, "clients"), "username", hasPriority: false, output);
        return true;
    }

    private static bool Role(JsonElement? role, TextWriter output)
    {
        if (ControlResponse.Text(role, "rolename") is not { } name) return false;
        Value("Role name:", name, output);
        Texts(role, output);
        if (ControlResponse.Switch(role, "allowwildcardsubs") is { } allows) Value("Allow wildcard subscriptions:", allows ? "true" : "false", output);
        if (ControlResponse.Array(role, "acls") is not { } acls || acls.GetArrayLength() == 0) return true;
        output.WriteLine("ACLs:");
        foreach (JsonElement acl in acls.EnumerateArray())
        {
            if (ControlResponse.Text(acl, "acltype") is not { } type || ControlResponse.Text(acl, "topic") is not { } topic) continue;
            string access = ControlResponse.Switch(acl, "allow") is true ? "allow" : "deny";
            output.WriteLine($"{Indent}{type,-20} {access} {topic} (priority {ResponsePrinter.Priority(acl)})");
        }

        return true;
    }

    private static bool DefaultAccess(JsonElement? acls, TextWriter output)
    {
        if (acls is not { } array) return false;
        foreach (JsonElement acl in array.EnumerateArray())
        {
            if (ControlResponse.Text(acl, "acltype") is not { } type || ControlResponse.Switch(acl, "allow") is not { } allow) return false;
            output.WriteLine($"{type,-20} {(allow ? "allow" : "deny")}");
        }

        return true;
    }

    private static bool Plugins(JsonElement? plugins, TextWriter output)
    {
        if (plugins is not { } array) return false;
        foreach (JsonElement plugin in array.EnumerateArray())
        {
            if (ControlResponse.Text(plugin, "name") is not { } name) return false;
            Value("Plugin:", name, output);
            Value("Version:", ControlResponse.Text(plugin, "version"), output);
            List("Control endpoints:", ControlResponse.Array(plugin, "control-endpoints"), "", hasPriority: false, output);
            output.WriteLine();
        }

        return true;
    }

    private static bool Listeners(JsonElement? listeners, TextWriter output)
    {
        if (listeners is not { } array) return false;
        foreach (JsonElement listener in array.EnumerateArray())
        {
            output.WriteLine("Listener:");
            (string Label, string? Value)[] values =
            [
                ("Port:", ControlResponse.Number(listener, "port")),
                ("Protocol:", ControlResponse.Text(listener, "protocol")),
                ("Socket path:", ControlResponse.Text(listener, "socket-path")),
                ("Bind address:", ControlResponse.Text(listener, "bind-address")),
                ("TLS:", ControlResponse.Switch(listener, "tls") is true ? "true" : "false"),
            ];
            foreach ((string label, string? value) in values)
                if (value is not null) output.WriteLine($"{Indent}{label}{Environment.NewLine}{Indent}{Indent}{value}");
            output.WriteLine();
        }

        return true;
    }

    private static void Texts(JsonElement? item, TextWriter output)
    {
        Value("Text name:", ControlResponse.Text(item, "textname"), output);
        Value("Text description:", ControlResponse.Text(item, "textdescription"), output);
    }

    private static void Value(string label, string? value, TextWriter output)
    {
        if (value is null) return;
        output.WriteLine(label);
        output.WriteLine(Indent + value);
    }

    private static void List(string label, JsonElement? list, string member, bool hasPriority, TextWriter output)
    {
        if (list is not { } array || array.GetArrayLength() == 0) return;
        output.WriteLine(label);
        foreach (JsonElement element in array.EnumerateArray())
        {
            string? name = element.ValueKind == JsonValueKind.String ? element.GetString() : ControlResponse.Text(element, member);
            if (name is null) continue;
            output.WriteLine(hasPriority ? $"{Indent}{name} (priority: {ResponsePrinter.Priority(element)})" : Indent + name);
        }
    }
}
