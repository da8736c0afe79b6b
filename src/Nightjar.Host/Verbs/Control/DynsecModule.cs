namespace Nightjar.Host.Verbs.Control;

/// <summary>The commands of <c>$CONTROL/dynamic-security/v1</c>.</summary>
internal static class DynsecModule
{
    private static readonly CommandParameter s_user = new("username", ParameterKind.User);
    private static readonly CommandParameter s_group = new("groupname", ParameterKind.Group);
    private static readonly CommandParameter s_role = new("rolename", ParameterKind.Role);
    private static readonly CommandParameter s_newUser = new("username", ParameterKind.Text);
    private static readonly CommandParameter s_newGroup = new("groupname", ParameterKind.Text);
    private static readonly CommandParameter s_newRole = new("rolename", ParameterKind.Text);
    private static readonly CommandParameter s_priority = new("priority", ParameterKind.Number, IsOptional: true);
    private static readonly CommandParameter s_count = new("count", ParameterKind.Number, IsOptional: true);
    private static readonly CommandParameter s_offset = new("offset", ParameterKind.Number, IsOptional: true);
    private static readonly CommandParameter s_password = new("password", ParameterKind.Password, IsOptional: true);
    private static readonly CommandParameter s_clientId = new("clientid", ParameterKind.Text, IsOptional: true);
    private static readonly CommandParameter s_aclType = new("acltype", ParameterKind.AclType);
    private static readonly CommandParameter s_defaultType = new("acltype", ParameterKind.DefaultAclType);
    private static readonly CommandParameter s_topic = new("topic", ParameterKind.Text);
    private static readonly CommandParameter s_access = new("allow", ParameterKind.Access);
    private static readonly CommandParameter s_property = new("property", ParameterKind.TextProperty);
    private static readonly CommandParameter s_roleProperty = new("property", ParameterKind.RoleProperty);
    private static readonly CommandParameter s_value = new("value", ParameterKind.PropertyValue);

    internal static readonly ControlModule Module = new("dynsec", "$CONTROL/dynamic-security/v1", [.. General(), .. Clients(), .. Groups(), .. Roles()]);

    private static IEnumerable<ControlCommand> General() =>
    [
        new("getDefaultACLAccess", "Shows what is allowed where no ACL says anything."),
        new("setDefaultACLAccess", "Sets what is allowed where no ACL says anything.", s_defaultType, s_access) { Array = "acls" },
        new("getAnonymousGroup", "Shows the group of clients without a user name."),
        new("setAnonymousGroup", "Sets the group of clients without a user name.", s_group),
        new("getDetails", "Shows how many clients, groups and roles there are, and the number of the last change."),
        new("explain", "Says which rule allows or denies something to a client.", s_user, new("clientid", ParameterKind.Text), s_defaultType, s_topic),
    ];

    private static IEnumerable<ControlCommand> Clients() =>
    [
        new("createClient", "Creates a client. Without a password it cannot log in.", s_newUser)
        {
            ShellParameters = [s_newUser, s_password, s_clientId],
            Flags = new Dictionary<string, string?> { ["-i"] = "clientid", ["-c"] = "clientid", ["-p"] = "password", ["--no-password"] = null },
            AllowsNoPassword = true,
        },
        new("deleteClient", "Deletes a client.", s_user),
        new("setClientPassword", "Sets the password of a client.", s_user, s_password),
        new("setClientId", "Binds a client to a client id, or sets it free.", s_user, s_clientId),
        new("addClientRole", "Gives a role to a client.", s_user, s_role, s_priority),
        new("removeClientRole", "Takes a role from a client.", s_user, s_role),
        new("getClient", "Shows a client with its groups and its own roles.", s_user),
        new("listClients", "Lists the clients.", s_count, s_offset),
        new("enableClient", "Lets a client log in again.", s_user),
        new("disableClient", "Disconnects a client and does not let it log in.", s_user),
        new("modifyClient", "Changes the text name or text description of a client.", s_user, s_property, s_value),
    ];

    private static IEnumerable<ControlCommand> Groups() =>
    [
        new("createGroup", "Creates a group.", s_newGroup),
        new("deleteGroup", "Deletes a group.", s_group),
        new("addGroupRole", "Gives a role to a group.", s_group, s_role, s_priority),
        new("removeGroupRole", "Takes a role from a group.", s_group, s_role),
        new("addGroupClient", "Puts a client into a group; the priority is that of the group for this client.", s_group, s_user, s_priority),
        new("removeGroupClient", "Takes a client out of a group.", s_group, s_user),
        new("getGroup", "Shows a group with its roles and clients.", s_group),
        new("listGroups", "Lists the groups.", s_count, s_offset),
        new("modifyGroup", "Changes the text name or text description of a group.", s_group, s_property, s_value),
    ];

    private static IEnumerable<ControlCommand> Roles() =>
    [
        new("createRole", "Creates a role.", s_newRole),
        new("deleteRole", "Deletes a role.", s_role),
        new("addRoleACL", "Adds an ACL to a role.", s_role, s_aclType, s_topic, s_access, s_priority)
        {
            ShellParameters = [s_role, s_aclType, s_access, s_priority, s_topic],
        },
        new("removeRoleACL", "Removes an ACL from a role.", s_role, s_aclType, s_topic),
        new("getRole", "Shows a role with its ACLs.", s_role),
        new("listRoles", "Lists the roles.", s_count, s_offset),
        new("modifyRole", "Changes a text of a role, or whether it allows subscriptions with wildcards.", s_role, s_roleProperty, s_value),
    ];
}
