using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// All of dynamic security at one moment: clients, groups, roles and what holds where they say nothing. Immutable; a change makes a new state
/// that shares all but the changed entries and the paths to them.
/// </summary>
/// <remarks>
/// Entries are sorted by name as Mosquitto sorts them, in its file and in its answers. Every name that an entry refers to exists, and a client and
/// its groups know each other. A look-up is logarithmic, takes no lock and allocates nothing.
/// </remarks>
internal sealed record DynamicSecurityState
{
    internal static readonly ImmutableSortedDictionary<string, int> NoMembers = ImmutableSortedDictionary.Create<string, int>(Utf8Order.Instance);

    /// <summary>Nobody, and the default access of Mosquitto.</summary>
    internal static readonly DynamicSecurityState Empty = new();

    /// <summary>Counts changes over the life of the file; 0 for a file of Mosquitto 2.0, which has none.</summary>
    internal long ChangeIndex { get; init; }

    /// <summary>What holds where no rule speaks.</summary>
    internal DefaultAccess DefaultAccess { get; init; } = DefaultAccess.Initial;

    /// <summary>Clients by user name.</summary>
    internal ImmutableSortedDictionary<string, DynamicClient> Clients { get; init; } = ImmutableSortedDictionary.Create<string, DynamicClient>(Utf8Order.Instance);

    /// <summary>Groups by name.</summary>
    internal ImmutableSortedDictionary<string, DynamicGroup> Groups { get; init; } = ImmutableSortedDictionary.Create<string, DynamicGroup>(Utf8Order.Instance);

    /// <summary>Roles by name.</summary>
    internal ImmutableSortedDictionary<string, DynamicRole> Roles { get; init; } = ImmutableSortedDictionary.Create<string, DynamicRole>(Utf8Order.Instance);

    /// <summary>The group of clients without a user name; null for none.</summary>
    internal string? AnonymousGroup { get; init; }

    /// <summary>In which form it is written.</summary>
    internal DynamicSecurityFileForm FileForm { get; init; } = DynamicSecurityFileForm.Version21;
}
