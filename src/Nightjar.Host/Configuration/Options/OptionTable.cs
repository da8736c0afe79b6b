namespace Nightjar.Host.Configuration.Options;

/// <summary>The one table of configuration options: the parser, the defaults, the reload report and the check of <c>config/nightjar.conf</c> read it.</summary>
internal static class OptionTable
{
    /// <summary>Every option in the order of <c>config/nightjar.conf</c>.</summary>
    internal static IReadOnlyList<ConfigurationOption> All { get; } =
    [
        .. GeneralOptions.All(),
        .. LimitOptions.All(),
        .. PersistenceOptions.All(),
        .. LogOptions.All(),
        .. SecurityOptions.All(),
        .. PluginOptions.All(),
        .. ListenerOptionTable.All(),
        .. ListenerTlsOptions.All(),
        .. BridgeOptions.All(),
        .. BridgeTlsOptions.All(),
    ];

    private static readonly Dictionary<string, int> Positions = All.Index().ToDictionary(pair => pair.Item.Name, pair => pair.Index, StringComparer.Ordinal);

    private static readonly Dictionary<string, ConfigurationOption> ByName = All.ToDictionary(option => option.Name, StringComparer.Ordinal);

    /// <summary>Place of an option in the table.</summary>
    internal static int IndexOf(ConfigurationOption option) => Positions[option.Name];

    /// <summary>The option of a name in a file; plugin_opt_KEY and auth_opt_KEY are found for every KEY.</summary>
    /// <returns>Null when there is none.</returns>
    internal static ConfigurationOption? Find(string name)
    {
        if (name.StartsWith(PluginOptions.OptionPrefix, StringComparison.Ordinal)) name = PluginOptions.OptionPrefix + "*";
        else if (name.StartsWith(PluginOptions.OldOptionPrefix, StringComparison.Ordinal)) name = PluginOptions.OldOptionPrefix + "*";
        return ByName.GetValueOrDefault(name);
    }
}
