using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>Options that are read and checked and do not do anything yet: each use is said once at the start, so that none is silently ignored.</summary>
internal static class InactiveFeature
{
    /// <summary>One warning for each use.</summary>
    internal static IEnumerable<ConfigurationNotice> Find(ConfigurationDraft draft)
    {
        foreach (var notice in draft.Listeners.SelectMany(Find)) yield return notice;
        foreach (var notice in draft.Plugins.Select(Find).OfType<ConfigurationNotice>()) yield return notice;
        foreach (var bridge in draft.Bridges) yield return Warning($"bridges are not active yet: bridge '{bridge.Name}' does not connect.", bridge.Place);
    }

    private static IEnumerable<ConfigurationNotice> Find(ListenerSection listener)
    {
        if (listener.IsHttpApi) yield return Warning($"'protocol http_api' is not active yet: listener {listener.Key} is not opened.", listener.Place);
        else if (listener.HttpDirectory is not null) yield return Warning($"'http_dir' is not active yet: listener {listener.Key} serves no files.", listener.Place);
        if (listener.ProxyProtocol > 0) yield return Warning($"'enable_proxy_protocol' is not active yet: connections of a proxy to listener {listener.Key} are refused.", listener.Place);
    }

    private static ConfigurationNotice? Find(PluginSection plugin) => plugin.Kind switch
    {
        PluginKind.SparkplugAware => Warning($"plugin '{plugin.Path}' is not active yet: birth certificates are not copied.", plugin.Place),
        _ => null,
    };

    private static ConfigurationNotice Warning(string text, SourcePlace place) =>
        new(LogTypes.Warning, place.File is null ? $"Warning: {text}" : $"Warning: {text} ({place})", place);
}
