using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One role of dynamic security. Immutable.</summary>
/// <param name="RoleName">Its key.</param>
internal sealed record DynamicRole(string RoleName)
{
    /// <summary>A name for people; null for none.</summary>
    internal string? TextName { get; init; }

    /// <summary>A description for people; null for none.</summary>
    internal string? TextDescription { get; init; }

    /// <summary><c>allowwildcardsubs</c>: false denies every subscription with + or #, before the rules are asked.</summary>
    internal bool AllowWildcardSubscriptions { get; init; } = true;

    /// <summary>Its rules by type, and in each type in the order in which they are asked: priority downwards, then as they were added.</summary>
    internal ImmutableArray<DynamicRule> Rules { get; init; } = [];
}
