using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One group of dynamic security. Immutable.</summary>
/// <param name="GroupName">Its key.</param>
internal sealed record DynamicGroup(string GroupName)
{
    /// <summary>A name for people; null for none.</summary>
    internal string? TextName { get; init; }

    /// <summary>A description for people; null for none.</summary>
    internal string? TextDescription { get; init; }

    /// <summary>Its roles, in the order in which they are asked: priority downwards, then name.</summary>
    internal ImmutableArray<RoleGrant> Roles { get; init; } = [];

    /// <summary>User names of its clients, all of which exist and know it, with the priority of this group among theirs.</summary>
    internal ImmutableSortedDictionary<string, int> Clients { get; init; } = DynamicSecurityState.NoMembers;
}
