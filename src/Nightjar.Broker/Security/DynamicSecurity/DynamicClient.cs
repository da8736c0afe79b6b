using System.Collections.Immutable;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One client of dynamic security, which goes by its user name. Immutable.</summary>
/// <param name="UserName">Its key.</param>
internal sealed record DynamicClient(string UserName)
{
    /// <summary>The only client id it may use; null for any.</summary>
    internal string? ClientId { get; init; }

    /// <summary>A name for people; null for none.</summary>
    internal string? TextName { get; init; }

    /// <summary>A description for people; null for none.</summary>
    internal string? TextDescription { get; init; }

    /// <summary>Whether it is kept out.</summary>
    internal bool IsDisabled { get; init; }

    /// <summary>Its password; null: nobody gets in with one.</summary>
    internal PasswordHash? Password { get; init; }

    /// <summary>Its own roles, in the order in which they are asked: priority downwards, then name.</summary>
    internal ImmutableArray<RoleGrant> Roles { get; init; } = [];

    /// <summary>Its groups, in the order in which they are asked: priority downwards, then name. The groups list it with the same priority.</summary>
    internal ImmutableArray<GroupMembership> Groups { get; init; } = [];
}
