using System.Collections.Immutable;
using Nightjar.Host.Configuration.Options;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration;

/// <summary>One difference between two configurations.</summary>
/// <param name="Section">Listener, bridge or plugin it is in; empty: the broker.</param>
/// <param name="Name">Option; empty: the section itself was added or removed.</param>
/// <param name="Old">Value before, secrets as *****; null: there was no such section.</param>
/// <param name="New">Value now; null: there is no such section any more.</param>
/// <param name="IsReloadable">Whether it takes effect without a restart.</param>
internal sealed record ConfigurationChange(string Section, string Name, string? Old, string? New, bool IsReloadable)
{
    private const string Masked = "*****";
    private const string Unset = "(unset)";

    /// <summary>For the log: <c>max_qos of listener 1883: 2 -> 1</c>, <c>listener 1884: added</c>.</summary>
    public override string ToString()
    {
        if (Name.Length == 0) return $"{Section}: {(Old is null ? "added" : "removed")}";
        var where = Section.Length == 0 ? Name : $"{Name} of {Section}";
        return $"{where}: {Old} -> {New}{(IsReloadable ? "" : " (takes effect at the next start)")}";
    }

    /// <summary>Every difference, in the order of the table; nothing when the files say the same in other words.</summary>
    internal static IReadOnlyList<ConfigurationChange> Between(HostConfiguration before, HostConfiguration after)
    {
        var changes = new List<ConfigurationChange>();
        Compare("", before.Settings, after.Settings, changes);
        Sections(before.Listeners, after.Listeners, listener => $"listener {listener.Key}", listener => listener.Settings, changes);
        Sections(before.Bridges, after.Bridges, bridge => $"bridge {bridge.Name}", bridge => bridge.Settings, changes);
        Plugins(before, after, changes);
        return changes;
    }

    private static void Sections<T>(
        ImmutableArray<T> before, ImmutableArray<T> after, Func<T, string> name, Func<T, ImmutableDictionary<string, string>> settings, List<ConfigurationChange> changes)
    {
        var old = before.ToDictionary(name, StringComparer.Ordinal);
        foreach (var section in before.Select(name).Except(after.Select(name))) changes.Add(new ConfigurationChange(section, "", "", null, true));
        foreach (var section in after)
        {
            if (old.TryGetValue(name(section), out var same)) Compare(name(section), settings(same), settings(section), changes);
            else changes.Add(new ConfigurationChange(name(section), "", null, "", true));
        }
    }

    // Plugins have no name of their own: the same one twice is told apart by where it stands.
    private static void Plugins(HostConfiguration before, HostConfiguration after, List<ConfigurationChange> changes) =>
        Sections(Numbered(before), Numbered(after), plugin => plugin.Name, plugin => plugin.Settings, changes);

    private static ImmutableArray<(string Name, ImmutableDictionary<string, string> Settings)> Numbered(HostConfiguration configuration)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var named = ImmutableArray.CreateBuilder<(string, ImmutableDictionary<string, string>)>();
        foreach (var plugin in configuration.Plugins)
        {
            var count = seen[plugin.Path] = seen.GetValueOrDefault(plugin.Path) + 1;
            var settings = plugin.Options.ToImmutableDictionary(option => PluginOptions.OptionPrefix + option.Key, option => option.Value);
            if (!plugin.DenySpecialCharacters) settings = settings.Add("auth_plugin_deny_special_chars", "false");
            named.Add((count == 1 ? $"plugin {plugin.Path}" : $"plugin {plugin.Path} ({count})", settings));
        }

        return named.ToImmutable();
    }

    private static void Compare(string section, ImmutableDictionary<string, string> before, ImmutableDictionary<string, string> after, List<ConfigurationChange> changes)
    {
        var names = before.Keys.Union(after.Keys).Select(name => (Name: name, Option: OptionTable.Find(name)!)).OrderBy(pair => OptionTable.IndexOf(pair.Option)).ThenBy(pair => pair.Name, StringComparer.Ordinal);
        foreach (var (name, option) in names)
        {
            var old = before.GetValueOrDefault(name) ?? option.Default;
            var now = after.GetValueOrDefault(name) ?? option.Default;
            if (old == now) continue;
            changes.Add(new ConfigurationChange(section, name, Shown(option, name, old), Shown(option, name, now), option.IsReloadable));
        }
    }

    private static string Shown(ConfigurationOption option, string name, string? value)
    {
        if (value is null) return Unset;
        var isSecret = option.IsSecret || (option.Scope == OptionScope.Plugin && PluginOptions.IsSecretKey(name));
        return isSecret ? Masked : value;
    }
}
