using System.Collections.Immutable;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Writes the file of dynamic security in the order and shape of the version of Mosquitto that it belongs to, byte for byte.</summary>
internal static class DynamicSecurityFileWriter
{
    /// <summary>Writes a state.</summary>
    /// <param name="state">What to write.</param>
    /// <param name="sink">Gets it in pieces of about 64 KiB.</param>
    /// <remarks>Linear; takes about a microsecond an entry and memory for the largest one.</remarks>
    internal static void Write(DynamicSecurityState state, Stream sink)
    {
        var json = new CJsonWriter(isFormatted: true, sink);
        json.BeginObject();
        if (state.FileForm == DynamicSecurityFileForm.Version21) json.Number("changeIndex"u8, state.ChangeIndex);
        WriteDefaultAccess(json, state.DefaultAccess);
        json.BeginArray("clients"u8);
        foreach (var (_, client) in state.Clients) WriteClient(json, client, state.FileForm);
        json.EndArray();
        json.BeginArray("groups"u8);
        foreach (var (_, group) in state.Groups) WriteGroup(json, group);
        json.EndArray();
        if (state.AnonymousGroup is { } anonymous) json.String("anonymousGroup"u8, anonymous);
        json.BeginArray("roles"u8);
        foreach (var (_, role) in state.Roles) WriteRole(json, role, state.FileForm);
        json.EndArray();
        json.EndObject();
        json.Flush();
    }

    /// <summary>The same, at once.</summary>
    internal static byte[] ToBytes(DynamicSecurityState state)
    {
        using var stream = new MemoryStream();
        Write(state, stream);
        return stream.ToArray();
    }

    /// <summary>The key <c>roles</c>.</summary>
    internal static void WriteGrants(CJsonWriter json, ImmutableArray<RoleGrant> roles)
    {
        json.BeginArray("roles"u8);
        foreach (var grant in roles)
        {
            json.BeginObject();
            json.String("rolename"u8, grant.RoleName);
            WritePriority(json, grant.Priority);
            json.EndObject();
        }

        json.EndArray();
    }

    /// <summary>The key <c>acls</c>.</summary>
    internal static void WriteRules(CJsonWriter json, ImmutableArray<DynamicRule> rules)
    {
        json.BeginArray("acls"u8);
        foreach (var rule in rules)
        {
            json.BeginObject();
            json.Plain("acltype"u8, AclTypeNames.NameOf(rule.AclType));
            json.String("topic"u8, rule.Topic);
            json.Number("priority"u8, rule.Priority);
            json.Bool("allow"u8, rule.IsAllowed);
            json.EndObject();
        }

        json.EndArray();
    }

    /// <summary>The keys <c>textname</c> and <c>textdescription</c>, where there are such.</summary>
    internal static void WriteTexts(CJsonWriter json, string? textName, string? textDescription)
    {
        if (textName is not null) json.String("textname"u8, textName);
        if (textDescription is not null) json.String("textdescription"u8, textDescription);
    }

    /// <summary>The key <c>priority</c>, where somebody gave one.</summary>
    internal static void WritePriority(CJsonWriter json, int priority)
    {
        if (priority != DynamicText.NoPriority) json.Number("priority"u8, priority);
    }

    private static void WriteDefaultAccess(CJsonWriter json, DefaultAccess access)
    {
        json.BeginObject("defaultACLAccess"u8);
        json.Bool("publishClientSend"u8, access.PublishClientSend);
        json.Bool("publishClientReceive"u8, access.PublishClientReceive);
        json.Bool("subscribe"u8, access.Subscribe);
        json.Bool("unsubscribe"u8, access.Unsubscribe);
        json.EndObject();
    }

    private static void WriteClient(CJsonWriter json, DynamicClient client, DynamicSecurityFileForm form)
    {
        json.BeginObject();
        json.String("username"u8, client.UserName);
        if (client.ClientId is not null) json.String("clientid"u8, client.ClientId);
        WriteTexts(json, client.TextName, client.TextDescription);
        if (client.IsDisabled) json.Bool("disabled"u8, true);
        WriteGrants(json, client.Roles);
        if (client.Password is { } password) WritePassword(json, password, form);
        json.EndObject();
    }

    // Only PBKDF2 can be said in the form of 2.0; that version knows no other.
    private static void WritePassword(CJsonWriter json, PasswordHash password, DynamicSecurityFileForm form)
    {
        if (password.Form != PasswordHashForm.Pbkdf2)
        {
            json.String("encoded_password"u8, password.ToString());
        }
        else if (form == DynamicSecurityFileForm.Version21)
        {
            json.Hash("encoded_password"u8, "$7$"u8, password.Iterations, password.Salt, password.Hash);
        }
        else
        {
            json.Base64("password"u8, password.Hash);
            json.Base64("salt"u8, password.Salt);
            json.Number("iterations"u8, password.Iterations);
        }
    }

    private static void WriteGroup(CJsonWriter json, DynamicGroup group)
    {
        json.BeginObject();
        json.String("groupname"u8, group.GroupName);
        WriteTexts(json, group.TextName, group.TextDescription);
        WriteGrants(json, group.Roles);
        json.BeginArray("clients"u8);
        foreach (var (userName, priority) in group.Clients)
        {
            json.BeginObject();
            json.String("username"u8, userName);
            WritePriority(json, priority);
            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
    }

    // 2.0 has no allowwildcardsubs and passes over it; that it is false must not be lost.
    private static void WriteRole(CJsonWriter json, DynamicRole role, DynamicSecurityFileForm form)
    {
        json.BeginObject();
        json.String("rolename"u8, role.RoleName);
        WriteTexts(json, role.TextName, role.TextDescription);
        if (form == DynamicSecurityFileForm.Version21 || !role.AllowWildcardSubscriptions) json.Bool("allowwildcardsubs"u8, role.AllowWildcardSubscriptions);
        WriteRules(json, role.Rules);
        json.EndObject();
    }
}
