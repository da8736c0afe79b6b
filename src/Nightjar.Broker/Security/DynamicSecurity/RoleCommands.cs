using System.Collections.Immutable;
using System.Text.Json;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The commands that concern a role. Each returns what is wrong, in Mosquitto's words, and has changed nothing then; or null.</summary>
internal static class RoleCommands
{
    private const string NotFound = "Role not found";
    private const string AclAlreadyThere = "ACL with this topic already exists";

    /// <summary><c>createRole</c>.</summary>
    internal static string? Create(CommandContext context)
    {
        var fields = context.Fields;
        if (fields.RequiredName("rolename", "Role name", out var roleName) is { } error) return error;
        if ((error = fields.OptionalText("textname", out var textName)) is not null) return error;
        if ((error = fields.OptionalText("textdescription", out var textDescription)) is not null) return error;
        if ((error = fields.OptionalBool("allowwildcardsubs", absent: true, out var allowWildcards)) is not null) return error;
        if (context.State.Roles.ContainsKey(roleName)) return "Role already exists";
        if ((error = Rules(fields, out var rules)) is not null) return error;
        Put(context, null, new DynamicRole(roleName) { TextName = textName, TextDescription = textDescription, AllowWildcardSubscriptions = allowWildcards, Rules = rules ?? [] });
        context.Audit($"createRole | rolename={roleName}");
        return null;
    }

    /// <summary><c>deleteRole</c>.</summary>
    internal static string? Delete(CommandContext context)
    {
        if (Find(context, NotFound, out var role) is { } error) return error;
        context.Apply(DynamicSecurityEdits.WithoutRole(context, context.State, role));
        context.Audit($"deleteRole | rolename={role.RoleName}");
        return null;
    }

    /// <summary><c>modifyRole</c>: what is given replaces what was there.</summary>
    internal static string? Modify(CommandContext context)
    {
        var fields = context.Fields;
        if (Find(context, "Role does not exist", out var old) is { } error) return error;
        if ((error = fields.OptionalText("textname", out var textName)) is not null) return error;
        if ((error = fields.OptionalText("textdescription", out var textDescription)) is not null) return error;
        if ((error = fields.OptionalBool("allowwildcardsubs", old.AllowWildcardSubscriptions, out var allowWildcards)) is not null) return error;
        if ((error = Rules(fields, out var rules)) is not null) return error;
        var role = old with
        {
            TextName = textName ?? old.TextName,
            TextDescription = textDescription ?? old.TextDescription,
            AllowWildcardSubscriptions = allowWildcards,
            Rules = rules ?? old.Rules,
        };
        Put(context, old, role);
        context.Audit($"modifyRole | rolename={role.RoleName}");
        return null;
    }

    /// <summary><c>addRoleACL</c>.</summary>
    internal static string? AddAcl(CommandContext context)
    {
        if (Find(context, NotFound, out var role) is { } error) return error;
        if ((error = Rule(context.Fields, out var rule, out var typeName)) is not null) return error;
        if (IndexOf(role, rule) >= 0) return AclAlreadyThere;
        Put(context, role, role with { Rules = role.Rules.With(rule) });
        context.Audit($"addRoleACL | rolename={role.RoleName} | acltype={typeName} | topic={rule.Topic} | priority={rule.Priority} | allow={(rule.IsAllowed ? "true" : "false")}");
        return null;
    }

    /// <summary><c>removeRoleACL</c>.</summary>
    internal static string? RemoveAcl(CommandContext context)
    {
        if (Find(context, NotFound, out var role) is { } error) return error;
        if ((error = TypeAndTopic(context.Fields, out var type, out var typeName, out var topic)) is not null) return error;
        var place = IndexOf(role, new DynamicRule(type, topic, 0, false));
        if (place < 0) return "ACL not found";
        Put(context, role, role with { Rules = role.Rules.RemoveAt(place) });
        context.Audit($"removeRoleACL | rolename={role.RoleName} | acltype={typeName} | topic={topic}");
        return null;
    }

    /// <summary><c>getRole</c>.</summary>
    internal static string? Get(CommandContext context)
    {
        if (Find(context, NotFound, out var role) is { } error) return error;
        var json = context.Json;
        json.BeginObject("data"u8);
        json.BeginObject("role"u8);
        WriteFields(json, role);
        json.EndObject();
        json.EndObject();
        context.Audit($"getRole | rolename={role.RoleName}");
        return null;
    }

    /// <summary><c>listRoles</c>.</summary>
    internal static string? List(CommandContext context) =>
        Listing.Write(context, "listRoles", "roles"u8, context.State.Roles, static (json, role) =>
        {
            json.BeginObject();
            WriteFields(json, role);
            json.EndObject();
        });

    /// <summary>Reads the field <c>roles</c> of a client or group.</summary>
    /// <param name="context">The command.</param>
    /// <param name="notFound">What to say of a role that does not exist.</param>
    /// <param name="roles">The roles in the order in which they are asked; null when the field is absent.</param>
    internal static string? Grants(CommandContext context, string notFound, out ImmutableArray<RoleGrant>? roles)
    {
        roles = null;
        if (context.Fields.OptionalReferences("roles", "rolename", out var names) is { } error) return error;
        if (names is null) return null;
        List<RoleGrant> grants = [];
        foreach (var (name, priority) in names)
        {
            if (!context.State.Roles.TryGetValue(name, out var role)) return notFound;
            grants.Add(new RoleGrant(role.RoleName, priority));
        }

        grants.Sort(DynamicOrder.Compare);
        roles = [.. grants];
        return null;
    }

    private static string? Find(CommandContext context, string notFound, out DynamicRole role)
    {
        role = null!;
        if (context.Fields.RequiredName("rolename", "Role name", out var roleName) is { } error) return error;
        return context.State.Roles.TryGetValue(roleName, out role!) ? null : notFound;
    }

    // Mosquitto passes over entries that it does not understand. A deny that is not there is a grant, so here they are errors.
    private static string? Rules(CommandFields fields, out ImmutableArray<DynamicRule>? rules)
    {
        rules = null;
        if (!fields.TryGet("acls", out var list)) return null;
        if (list.ValueKind != JsonValueKind.Array) return "Invalid/missing acls";
        HashSet<(AclType, string)> topics = [];
        List<DynamicRule> read = [];
        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object) return "Invalid/missing acls";
            if (Rule(new CommandFields(entry), out var rule, out _) is { } error) return error;
            if (!topics.Add((rule.AclType, rule.Topic))) return AclAlreadyThere;
            read.Add(rule);
        }

        rules = DynamicOrder.Sorted(read);
        return null;
    }

    private static string? Rule(CommandFields fields, out DynamicRule rule, out string typeName)
    {
        rule = default;
        if (TypeAndTopic(fields, out var type, out typeName, out var topic) is { } error) return error;
        if ((error = fields.OptionalPriority(0, out var priority)) is not null) return error;
        if ((error = fields.OptionalBool("allow", absent: false, out var isAllowed)) is not null) return error;
        rule = new DynamicRule(type, topic, priority, isAllowed);
        return null;
    }

    private static string? TypeAndTopic(CommandFields fields, out AclType type, out string typeName, out string topic)
    {
        type = default;
        topic = "";
        if (fields.RequiredName("acltype", "acltype", out typeName) is { } error) return error;
        if (!AclTypeNames.TryParse(typeName, out type)) return "Unknown acltype";
        if ((error = fields.RequiredName("topic", "Topic", out topic)) is not null) return error;
        return DynamicText.IsTopic(topic) ? null : "Invalid ACL topic";
    }

    private static int IndexOf(DynamicRole role, DynamicRule rule)
    {
        for (var i = 0; i < role.Rules.Length; i++)
        {
            if (role.Rules[i].AclType == rule.AclType && role.Rules[i].Topic == rule.Topic) return i;
        }

        return -1;
    }

    private static void Put(CommandContext context, DynamicRole? old, DynamicRole role)
    {
        if (role == old) return;
        context.TouchRole(role.RoleName);
        context.Apply(context.State with { Roles = context.State.Roles.SetItem(role.RoleName, role) });
    }

    private static void WriteFields(CJsonWriter json, DynamicRole role)
    {
        json.String("rolename"u8, role.RoleName);
        DynamicSecurityFileWriter.WriteTexts(json, role.TextName, role.TextDescription);
        json.Bool("allowwildcardsubs"u8, role.AllowWildcardSubscriptions);
        DynamicSecurityFileWriter.WriteRules(json, role.Rules);
    }
}
