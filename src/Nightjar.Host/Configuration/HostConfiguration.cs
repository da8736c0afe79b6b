using System.Collections.Immutable;
using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration;

/// <summary>
/// A configuration that was read, or everything that is wrong with it. Immutable: a reload reads a new one. Files that it names (passwords,
/// rights, certificates) are not opened here.
/// </summary>
internal sealed record HostConfiguration
{
    /// <summary>What the engine knows; without listeners, which <see cref="ListenerPlan"/> makes.</summary>
    internal required BrokerOptions Options { get; init; }

    /// <summary>Whether TCP_NODELAY is set on connections.</summary>
    internal bool NoDelay { get; init; }

    /// <summary>Whether the transport's event loops serve TCP connections where there are some.</summary>
    internal bool EventLoops { get; init; }

    /// <summary>Rules of the listeners that have none of their own.</summary>
    internal required SecuritySection Security { get; init; }

    /// <summary>Whether each listener has its own rules.</summary>
    internal bool PerListenerSettings { get; init; }

    /// <summary>Whether no listener line, port or bind_address was given: only this machine may connect, and everybody on it.</summary>
    internal bool IsLocalOnly { get; init; }

    internal ImmutableArray<ListenerSection> Listeners { get; init; } = [];

    internal ImmutableArray<BridgeSection> Bridges { get; init; } = [];

    internal ImmutableArray<PluginSection> Plugins { get; init; } = [];

    internal required PersistenceSection Persistence { get; init; }

    internal required ProcessSection Process { get; init; }

    internal required LogSection Log { get; init; }

    /// <summary>Options that were given outside listeners and bridges, by name.</summary>
    internal ImmutableDictionary<string, string> Settings { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Lines for the log: deprecations, corrections, what is not active.</summary>
    internal IReadOnlyList<ConfigurationNotice> Notices { get; init; } = [];

    /// <summary>What is wrong, in Mosquitto's words, each followed by <c>Error found at FILE:LINE.</c>; empty when it may be used.</summary>
    internal IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Reads a file and what it includes; null is an empty one.</summary>
    /// <remarks>Touches only the files named and the environment. Never throws on what stands in them.</remarks>
    internal static HostConfiguration Load(string? path) => Load(path, Environment.GetEnvironmentVariable);

    internal static HostConfiguration Load(string? path, Func<string, string?> variable) => Read(variable, reader =>
    {
        if (path is not null) reader.ReadFile(path, isMain: true);
    });

    /// <summary>Reads lines as if they stood in a main file of that path.</summary>
    internal static HostConfiguration Parse(IEnumerable<string> lines, string path, Func<string, string?>? variable = null) =>
        Read(variable ?? (_ => null), reader => reader.Read(Encoding.UTF8.GetBytes(string.Join('\n', lines)), path, isMain: true));

    /// <summary>What differs from an older configuration, option by option, for the report of a reload.</summary>
    internal IReadOnlyList<ConfigurationChange> ChangesFrom(HostConfiguration old) => ConfigurationChange.Between(old, this);

    private static HostConfiguration Read(Func<string, string?> variable, Action<ConfigurationReader> read)
    {
        var draft = new ConfigurationDraft();
        var errors = new List<string>();
        read(new ConfigurationReader(draft, errors, variable));
        new ConfigurationCheck(draft, errors).Run();
        return new ConfigurationAssembly(draft, errors).Build(variable("MOSQUITTO_PERSISTENCE_LOCATION"));
    }
}
