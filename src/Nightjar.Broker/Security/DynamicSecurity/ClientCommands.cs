using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The commands that concern a client. Each returns what is wrong, in Mosquitto's words, and has changed nothing then; or null.</summary>
internal static class ClientCommands
{
    private const string AlreadyThere = "Client already exists";
    private const string NotFound = "Client not found";
    private const string RoleNotFound = "Role not found";

    /// <summary><c>createClient</c>.</summary>
    internal static string? Create(CommandContext context)
    {
        var fields = context.Fields;
        if (fields.RequiredName("username", "Username", out var userName) is { } error) return error;
        if ((error = fields.OptionalText("password", out var password)) is not null) return error;
        if ((error = fields.OptionalClientId("Invalid/missing client id", out var clientId)) is not null) return error;
        if ((error = fields.OptionalText("textname", out var textName)) is not null) return error;
        if ((error = fields.OptionalText("textdescription", out var textDescription)) is not null) return error;
        var state = context.State;
        if (state.Clients.ContainsKey(userName)) return AlreadyThere;
        if ((error = Roles(context, RoleNotFound, out var roles)) is not null) return error;
        if ((error = Groups(context, "Group not found", out var groups)) is not null) return error;

        // An empty password would be one that everybody knows.
        if (password is "") password = null;
        var client = new DynamicClient(userName)
        {
            ClientId = clientId is "" ? null : clientId,
            TextName = textName,
            TextDescription = textDescription,
            Password = password is null ? null : context.Hash(password),
            Roles = roles ?? [],
        };
        context.Apply(DynamicSecurityEdits.WithGroups(context, state, client, groups ?? []));
        context.Audit($"createClient | username={userName} | password={(password is null ? "no password" : "*****")}");
        return null;
    }

    /// <summary><c>deleteClient</c>.</summary>
    internal static string? Delete(CommandContext context)
    {
        if (Find(context, out var client) is { } error) return error;
        context.Apply(DynamicSecurityEdits.WithoutClient(context, context.State, client));
        context.Audit($"deleteClient | username={client.UserName}");
        return null;
    }

    /// <summary><c>enableClient</c>.</summary>
    internal static string? Enable(CommandContext context) => Switch(context, "enableClient", isDisabled: false);

    /// <summary><c>disableClient</c>.</summary>
    internal static string? Disable(CommandContext context) => Switch(context, "disableClient", isDisabled: true);

    /// <summary><c>setClientId</c>.</summary>
    internal static string? SetClientId(CommandContext context)
    {
        if (context.Fields.RequiredName("username", "Username", out _) is { } error) return error;
        if ((error = context.Fields.OptionalClientId("Invalid/missing client ID", out var clientId)) is not null) return error;
        if ((error = Find(context, out var client)) is not null) return error;
        if (clientId is "") clientId = null;
        Put(context, client, client with { ClientId = clientId });
        context.Audit($"setClientId | username={client.UserName} | clientid={clientId ?? "(null)"}");
        return null;
    }

    /// <summary><c>setClientPassword</c>.</summary>
    internal static string? SetPassword(CommandContext context)
    {
        if (context.Fields.RequiredName("username", "Username", out _) is { } error) return error;
        if ((error = context.Fields.OptionalText("password", out var password)) is not null) return error;
        if (password is null) return "Invalid/missing password";
        if (password.Length == 0) return "Empty password is not allowed";
        if ((error = Find(context, out var client)) is not null) return error;
        Put(context, client, client with { Password = context.Hash(password) });
        context.Audit($"setClientPassword | username={client.UserName} | password=******");
        return null;
    }

    /// <summary><c>modifyClient</c>: what is given replaces what was there.</summary>
    internal static string? Modify(CommandContext context)
    {
        var fields = context.Fields;
        if (Find(context, out var old) is { } error) return error;
        if ((error = fields.OptionalText("password", out var password)) is not null) return error;
        if ((error = fields.OptionalClientId("Invalid/missing client id", out var clientId)) is not null) return error;
        if ((error = fields.OptionalText("textname", out var textName)) is not null) return error;
        if ((error = fields.OptionalText("textdescription", out var textDescription)) is not null) return error;
        if ((error = Roles(context, "Role does not exist", out var roles)) is not null) return error;
        if ((error = Groups(context, "'groups' contains an object with a 'groupname' that does not exist", out var groups)) is not null) return error;

        var client = old with
        {
            ClientId = clientId is null ? old.ClientId : clientId.Length == 0 ? null : clientId,
            TextName = textName ?? old.TextName,
            TextDescription = textDescription ?? old.TextDescription,
            Roles = roles ?? old.Roles,
            Password = string.IsNullOrEmpty(password) ? old.Password : context.Hash(password),
        };
        if (groups is null) Put(context, old, client);
        else context.Apply(DynamicSecurityEdits.WithGroups(context, context.State, client, groups));
        context.Audit($"modifyClient | username={client.UserName}");
        return null;
    }

    /// <summary><c>addClientRole</c>.</summary>
    internal static string? AddRole(CommandContext context)
    {
        if (FindWithRole(context, out var client, out var roleName) is { } error) return error;
        if ((error = context.Fields.OptionalPriority(DynamicText.NoPriority, out var priority)) is not null) return error;
        // What Mosquitto says of a role that the client has.
        if (client.Roles.IndexOf(roleName) >= 0) return "Internal error";
        Put(context, client, client with { Roles = client.Roles.With(new RoleGrant(roleName, priority)) });
        context.Audit($"addClientRole | username={client.UserName} | rolename={roleName} | priority={priority}");
        return null;
    }

    /// <summary><c>removeClientRole</c>.</summary>
    internal static string? RemoveRole(CommandContext context)
    {
        if (FindWithRole(context, out var client, out var roleName) is { } error) return error;
        var place = client.Roles.IndexOf(roleName);
        if (place >= 0) Put(context, client, client with { Roles = client.Roles.RemoveAt(place) });
        context.Audit($"removeClientRole | username={client.UserName} | rolename={roleName}");
        return null;
    }

    /// <summary><c>getClient</c>.</summary>
    internal static string? Get(CommandContext context)
    {
        if (Find(context, out var client) is { } error) return error;
        var json = context.Json;
        json.BeginObject("data"u8);
        json.BeginObject("client"u8);
        WriteFields(json, client);
        json.BeginArray("connections"u8);
        foreach (var address in context.Broker.AddressesOf(client.UserName))
        {
            json.BeginObject();
            json.String("address"u8, address);
            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
        json.EndObject();
        context.Audit($"getClient | username={client.UserName}");
        return null;
    }

    /// <summary><c>listClients</c>.</summary>
    internal static string? List(CommandContext context) =>
        Listing.Write(context, "listClients", "clients"u8, context.State.Clients, static (json, client) =>
        {
            json.BeginObject();
            WriteFields(json, client);
            json.EndObject();
        });

    private static string? Switch(CommandContext context, string command, bool isDisabled)
    {
        if (Find(context, out var client) is { } error) return error;
        Put(context, client, client with { IsDisabled = isDisabled });
        context.Audit($"{command} | username={client.UserName}");
        return null;
    }

    private static string? Find(CommandContext context, out DynamicClient client)
    {
        client = null!;
        if (context.Fields.RequiredName("username", "Username", out var userName) is { } error) return error;
        return context.State.Clients.TryGetValue(userName, out client!) ? null : NotFound;
    }

    private static string? FindWithRole(CommandContext context, out DynamicClient client, out string roleName)
    {
        client = null!;
        roleName = "";
        if (context.Fields.RequiredName("username", "Username", out _) is { } error) return error;
        if ((error = context.Fields.RequiredName("rolename", "Role name", out roleName)) is not null) return error;
        if ((error = Find(context, out client)) is not null) return error;
        if (!context.State.Roles.TryGetValue(roleName, out var role)) return RoleNotFound;
        roleName = role.RoleName;
        return null;
    }

    private static void Put(CommandContext context, DynamicClient old, DynamicClient client)
    {
        if (client == old) return;
        context.TouchClient(client.UserName);
        context.Apply(context.State with { Clients = context.State.Clients.SetItem(client.UserName, client) });
    }

    private static string? Roles(CommandContext context, string notFound, out ImmutableArray<RoleGrant>? roles) => RoleCommands.Grants(context, notFound, out roles);

    private static string? Groups(CommandContext context, string notFound, out List<GroupMembership>? groups)
    {
        groups = null;
        if (context.Fields.OptionalReferences("groups", "groupname", out var names) is { } error) return error;
        if (names is null) return null;
        groups = [];
        foreach (var (name, priority) in names)
        {
            if (!context.State.Groups.TryGetValue(name, out var group)) return notFound;
            groups.Add(new GroupMembership(group.GroupName, priority));
        }

        return null;
    }

    private static void WriteFields(CJsonWriter json, DynamicClient client)
    {
        json.String("username"u8, client.UserName);
        if (client.ClientId is not null) json.String("clientid"u8, client.ClientId);
        DynamicSecurityFileWriter.WriteTexts(json, client.TextName, client.TextDescription);
        if (client.IsDisabled) json.Bool("disabled"u8, true);
        DynamicSecurityFileWriter.WriteGrants(json, client.Roles);
        json.BeginArray("groups"u8);
        foreach (var (groupName, priority) in client.Groups)
        {
            json.BeginObject();
            json.String("groupname"u8, groupName);
            DynamicSecurityFileWriter.WritePriority(json, priority);
            json.EndObject();
        }

        json.EndArray();
    }
}
