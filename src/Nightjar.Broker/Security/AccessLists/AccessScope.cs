namespace Nightjar.Broker.Security.AccessLists;

/// <summary>Which list of an access file a line belongs to.</summary>
internal enum AccessScope : byte
{
    /// <summary><c>topic</c> before any <c>user</c> line: clients without a user name.</summary>
    Anonymous,

    /// <summary><c>topic</c> behind a <c>user</c> line: that user only.</summary>
    User,

    /// <summary><c>pattern</c>: everybody, asked when the client's own list has decided nothing.</summary>
    Pattern,
}
