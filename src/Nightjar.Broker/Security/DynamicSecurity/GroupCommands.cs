namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The commands that concern a group. Each returns what is wrong, in Mosquitto's words, and has changed nothing then; or null.</summary>
internal static class GroupCommands
{
    private const string NotFound = "Group not found";
    private const string RoleNotFound = "Role not found";

    /// <summary><c>createGroup</c>.</summary>
    internal static string? Create(CommandContext context)
    {
        var fields = context.Fields;
        if (fields.RequiredName("groupname", "Group name", out var groupName) is { } error) return error;
        if ((error = fields.OptionalText("textname", out var textName)) is not null) return error;
        if ((error = fields.OptionalText("textdescription", out var textDescription)) is not null) return error;
        if (context.State.Groups.ContainsKey(groupName)) return "Group already exists";
        if ((error = RoleCommands.Grants(context, RoleNotFound, out var roles)) is not null) return error;
        var group = new DynamicGroup(groupName) { TextName = textName, TextDescription = textDescription, Roles = roles ?? [] };
        Put(context, null, group);
        context.Audit($"createGroup | groupname={groupName}");
        return null;
    }

    /// <summary><c>deleteGroup</c>.</summary>
    internal static string? Delete(CommandContext context)
    {
        if (Find(context, out var group) is { } error) return error;
        if (group.GroupName == context.State.AnonymousGroup) return "Deleting the anonymous group is forbidden";
        context.Apply(DynamicSecurityEdits.WithoutGroup(context, context.State, group));
        context.Audit($"deleteGroup | groupname={group.GroupName}");
        return null;
    }

    /// <summary><c>modifyGroup</c>: what is given replaces what was there.</summary>
    internal static string? Modify(CommandContext context)
    {
        var fields = context.Fields;
        if (Find(context, out var old) is { } error) return error;
        if ((error = fields.OptionalText("textname", out var textName)) is not null) return error;
        if ((error = fields.OptionalText("textdescription", out var textDescription)) is not null) return error;
        if ((error = RoleCommands.Grants(context, RoleNotFound, out var roles)) is not null) return error;
        if ((error = fields.OptionalReferences("clients", "username", out var members)) is not null) return error;
        if (members is not null && members.Exists(member => !context.State.Clients.ContainsKey(member.Name)))
            return "'clients' contains an object with a 'username' that does not exist";

        var group = old with { TextName = textName ?? old.TextName, TextDescription = textDescription ?? old.TextDescription, Roles = roles ?? old.Roles };
        if (members is null) Put(context, old, group);
        else context.Apply(DynamicSecurityEdits.WithMembers(context, context.State, group, members));
        context.Audit($"modifyGroup | groupname={group.GroupName}");
        return null;
    }

    /// <summary><c>addGroupClient</c>.</summary>
    internal static string? AddClient(CommandContext context)
    {
        if (FindWithClient(context, out var group, out var client) is { } error) return error;
        if ((error = context.Fields.OptionalPriority(DynamicText.NoPriority, out var priority)) is not null) return error;
        if (group.Clients.ContainsKey(client.UserName)) return "Client is already in this group";
        context.Apply(DynamicSecurityEdits.WithGroups(context, context.State, client, client.Groups.Add(new GroupMembership(group.GroupName, priority))));
        context.Audit($"addGroupClient | groupname={group.GroupName} | username={client.UserName} | priority={priority}");
        return null;
    }

    /// <summary><c>removeGroupClient</c>.</summary>
    internal static string? RemoveClient(CommandContext context)
    {
        if (FindWithClient(context, out var group, out var client) is { } error) return error;
        var place = client.Groups.IndexOf(group.GroupName);
        if (place >= 0) context.Apply(DynamicSecurityEdits.WithGroups(context, context.State, client, client.Groups.RemoveAt(place)));
        context.Audit($"removeGroupClient | groupname={group.GroupName} | username={client.UserName}");
        return null;
    }

    /// <summary><c>addGroupRole</c>.</summary>
    internal static string? AddRole(CommandContext context)
    {
        if (FindWithRole(context, out var group, out var roleName) is { } error) return error;
        if ((error = context.Fields.OptionalPriority(DynamicText.NoPriority, out var priority)) is not null) return error;
        if (group.Roles.IndexOf(roleName) >= 0) return "Group is already in this role";
        Put(context, group, group with { Roles = group.Roles.With(new RoleGrant(roleName, priority)) });
        context.Audit($"addGroupRole | groupname={group.GroupName} | rolename={roleName} | priority={priority}");
        return null;
    }

    /// <summary><c>removeGroupRole</c>.</summary>
    internal static string? RemoveRole(CommandContext context)
    {
        if (FindWithRole(context, out var group, out var roleName) is { } error) return error;
        var place = group.Roles.IndexOf(roleName);
        if (place >= 0) Put(context, group, group with { Roles = group.Roles.RemoveAt(place) });
        context.Audit($"removeGroupRole | groupname={group.GroupName} | rolename={roleName}");
        return null;
    }

    /// <summary><c>setAnonymousGroup</c>.</summary>
    internal static string? SetAnonymous(CommandContext context)
    {
        if (Find(context, out var group) is { } error) return error;
        if (context.State.AnonymousGroup != group.GroupName)
        {
            context.TouchAnonymousGroup();
            context.Apply(context.State with { AnonymousGroup = group.GroupName });
        }

        context.Audit($"setAnonymousGroup | groupname={group.GroupName}");
        return null;
    }

    /// <summary><c>getAnonymousGroup</c>: an empty name where there is none.</summary>
    internal static string? GetAnonymous(CommandContext context)
    {
        var json = context.Json;
        json.BeginObject("data"u8);
        json.BeginObject("group"u8);
        json.String("groupname"u8, context.State.AnonymousGroup ?? "");
        json.EndObject();
        json.EndObject();
        context.Audit($"getAnonymousGroup");
        return null;
    }

    /// <summary><c>getGroup</c>.</summary>
    internal static string? Get(CommandContext context)
    {
        if (Find(context, out var group) is { } error) return error;
        var json = context.Json;
        json.BeginObject("data"u8);
        json.BeginObject("group"u8);
        WriteFields(json, group);
        json.EndObject();
        json.EndObject();
        context.Audit($"getGroup | groupname={group.GroupName}");
        return null;
    }

    /// <summary><c>listGroups</c>.</summary>
    internal static string? List(CommandContext context) =>
        Listing.Write(context, "listGroups", "groups"u8, context.State.Groups, static (json, group) =>
        {
            json.BeginObject();
            WriteFields(json, group);
            json.EndObject();
        });

    private static string? Find(CommandContext context, out DynamicGroup group)
    {
        group = null!;
        if (context.Fields.RequiredName("groupname", "Group name", out var groupName) is { } error) return error;
        return context.State.Groups.TryGetValue(groupName, out group!) ? null : NotFound;
    }

    private static string? FindWithClient(CommandContext context, out DynamicGroup group, out DynamicClient client)
    {
        group = null!;
        client = null!;
        if (context.Fields.RequiredName("username", "Username", out var userName) is { } error) return error;
        if ((error = context.Fields.RequiredName("groupname", "Group name", out _)) is not null) return error;
        return context.State.Clients.TryGetValue(userName, out client!) ? Find(context, out group) : "Client not found";
    }

    private static string? FindWithRole(CommandContext context, out DynamicGroup group, out string roleName)
    {
        group = null!;
        roleName = "";
        if (context.Fields.RequiredName("groupname", "Group name", out _) is { } error) return error;
        if ((error = context.Fields.RequiredName("rolename", "Role name", out roleName)) is not null) return error;
        if ((error = Find(context, out group)) is not null) return error;
        if (!context.State.Roles.TryGetValue(roleName, out var role)) return RoleNotFound;
        roleName = role.RoleName;
        return null;
    }

    private static void Put(CommandContext context, DynamicGroup? old, DynamicGroup group)
    {
        if (group == old) return;
        context.TouchGroup(group.GroupName);
        context.Apply(context.State with { Groups = context.State.Groups.SetItem(group.GroupName, group) });
    }

    private static void WriteFields(CJsonWriter json, DynamicGroup group)
    {
        json.String("groupname"u8, group.GroupName);
        DynamicSecurityFileWriter.WriteTexts(json, group.TextName, group.TextDescription);
        json.BeginArray("clients"u8);
        foreach (var (userName, _) in group.Clients)
        {
            json.BeginObject();
            json.String("username"u8, userName);
            json.EndObject();
        }

        json.EndArray();
        DynamicSecurityFileWriter.WriteGrants(json, group.Roles);
    }
}
