namespace Nightjar.Broker.Security.AccessLists;

/// <summary>What a line of an access list says of the topics it matches.</summary>
[Flags]
internal enum AccessRights : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Neither read nor write, whatever else the same list grants.</summary>
    Deny = 1,

    /// <summary>Messages may be received.</summary>
    Read = 2,

    /// <summary>Messages may be published.</summary>
    Write = 4,

    /// <summary>Both.</summary>
    ReadWrite = Read | Write,
}
