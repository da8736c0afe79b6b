namespace Nightjar.Host.Verbs.Control;

/// <summary>What an argument of a control command is: how it is checked, and what the shell completes it with.</summary>
internal enum ParameterKind : byte
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>The user name of a client that is there.</summary>
    User,

    /// <summary>The name of a group that is there.</summary>
    Group,

    /// <summary>The name of a role that is there.</summary>
    Role,

    /// <summary>One of the six types of a role's ACLs.</summary>
    AclType,

    /// <summary>One of the four types of default access.</summary>
    DefaultAclType,

    /// <summary><c>allow</c> or <c>deny</c>.</summary>
    Access,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>A password; asked for where it is left out.</summary>
    Password,

    /// <summary>Which text of a client or group to change.</summary>
    TextProperty,

    /// <summary>Which text or switch of a role to change.</summary>
    RoleProperty,

    /// <summary>The new value of that; in the shell the rest of the line.</summary>
    PropertyValue,
}
