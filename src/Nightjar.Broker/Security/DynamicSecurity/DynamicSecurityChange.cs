using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What is different between two states: the names of everything made, altered or deleted.</summary>
internal sealed record DynamicSecurityChange
{
    /// <summary>User names of clients.</summary>
    internal ImmutableHashSet<string> Clients { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Names of groups.</summary>
    internal ImmutableHashSet<string> Groups { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Names of roles.</summary>
    internal ImmutableHashSet<string> Roles { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Whether the default access is another.</summary>
    internal bool DefaultAccess { get; init; }

    /// <summary>Whether clients without a user name have another group, or none any more.</summary>
    internal bool AnonymousGroup { get; init; }

    /// <summary>Whether everything may be different: the file was read anew, or a change was taken back. The names are then not listed.</summary>
    internal bool Everything { get; init; }

    /// <summary>Whether nothing is different.</summary>
    internal bool IsEmpty => !Everything && !DefaultAccess && !AnonymousGroup && Clients.IsEmpty && Groups.IsEmpty && Roles.IsEmpty;
}
