using System.Collections.Frozen;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Every command of <c>$CONTROL/dynamic-security/v1</c>. Names are compared without regard to case.</summary>
internal static class DynamicSecurityCommands
{
    private static readonly FrozenDictionary<string, DynamicSecurityCommand> ByName = new DynamicSecurityCommand[]
    {
        new("setDefaultACLAccess", AccessCommands.SetDefault),
        new("getDefaultACLAccess", AccessCommands.GetDefault, IsQuestion: true),
        new("getDetails", AccessCommands.GetDetails, IsQuestion: true),
        new("createClient", ClientCommands.Create),
        new("deleteClient", ClientCommands.Delete),
        new("enableClient", ClientCommands.Enable),
        new("disableClient", ClientCommands.Disable),
        new("getClient", ClientCommands.Get, IsQuestion: true),
        new("listClients", ClientCommands.List, IsQuestion: true),
        new("modifyClient", ClientCommands.Modify),
        new("setClientId", ClientCommands.SetClientId),
        new("setClientPassword", ClientCommands.SetPassword),
        new("addClientRole", ClientCommands.AddRole),
        new("removeClientRole", ClientCommands.RemoveRole),
        new("createGroup", GroupCommands.Create),
        new("deleteGroup", GroupCommands.Delete),
        new("getGroup", GroupCommands.Get, IsQuestion: true),
        new("listGroups", GroupCommands.List, IsQuestion: true),
        new("modifyGroup", GroupCommands.Modify),
        new("addGroupClient", GroupCommands.AddClient),
        new("removeGroupClient", GroupCommands.RemoveClient),
        new("addGroupRole", GroupCommands.AddRole),
        new("removeGroupRole", GroupCommands.RemoveRole),
        new("setAnonymousGroup", GroupCommands.SetAnonymous),
        new("getAnonymousGroup", GroupCommands.GetAnonymous, IsQuestion: true),
        new("createRole", RoleCommands.Create),
        new("deleteRole", RoleCommands.Delete),
        new("getRole", RoleCommands.Get, IsQuestion: true),
        new("listRoles", RoleCommands.List, IsQuestion: true),
        new("modifyRole", RoleCommands.Modify),
        new("addRoleACL", RoleCommands.AddAcl),
        new("removeRoleACL", RoleCommands.RemoveAcl),
        new("explain", ExplainCommand.Run, IsQuestion: true),
    }.ToFrozenDictionary(static command => command.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Names of all commands.</summary>
    internal static IEnumerable<string> Names => ByName.Keys;

    /// <summary>Finds a command.</summary>
    /// <returns>Null when there is none of this name.</returns>
    internal static DynamicSecurityCommand? Find(string name) => ByName.GetValueOrDefault(name);
}
