using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Plugins: those that Mosquitto ships are recognised by name.</summary>
internal static class PluginOptions
{
    internal const string OptionPrefix = "plugin_opt_";
    internal const string OldOptionPrefix = "auth_opt_";

    private static readonly Define<PluginSection> Plugin =
        new(OptionArea.Plugins, OptionScope.Plugin, (draft, change) => draft.ChangePlugin(change));

    internal static IEnumerable<ConfigurationOption> All()
    {
        var plugin = Structure("plugin", OptionScope.PerListener, "Use a plugin that Mosquitto ships, by its file name. May be given several times.", (draft, line) => Load(draft, line, null, line.Words[0], global: false));
        var option = Plugin.Make(OptionPrefix + "*", OptionKind.Text, null, "Option KEY of the plugin before; a value file:PATH of a password, secret or key is read from that file.", SetOption);
        return
        [
            plugin,
            plugin.As("auth_plugin"),
            Structure("global_plugin", OptionScope.General, "A plugin for all listeners, asked first.", (draft, line) => Load(draft, line, null, line.Words[0], global: true)),
            Structure("plugin_load", OptionScope.General, "NAME PATH: a plugin that is used where plugin_use says so.", LoadNamed),
            Structure("plugin_use", OptionScope.NamedListener, "Use the plugin that plugin_load gave this name, for this listener.", Use),
            option,
            option.As(OldOptionPrefix + "*"),
            Plugin.Boolean("auth_plugin_deny_special_chars", true, "Whether clients with + or # in user name or client id may do nothing, whatever dynamic security says of them.", (section, value) => section with { DenySpecialCharacters = value }),
        ];
    }

    private static ConfigurationOption Structure(string name, OptionScope scope, string summary, Func<ConfigurationDraft, OptionLine, string?> apply) =>
        new(name, OptionArea.Plugins, scope, OptionKind.Text, null, summary, apply) { IsStructure = true, Repetition = OptionRepetition.Adds };

    private static string? Load(ConfigurationDraft draft, OptionLine line, string? name, string path, bool global)
    {
        if (!OptionValue.IsProperText(path)) return "Error: Malformed UTF-8 in configuration.";
        draft.AddPlugin(new PluginSection { Path = path, Name = name, IsGlobal = global, Kind = PluginSection.KindOf(path), Place = line.Place });
        if (name is null) draft.AttachPlugin(global);
        return null;
    }

    private static string? LoadNamed(ConfigurationDraft draft, OptionLine line)
    {
        var name = line.Words[0];
        var path = line.Value[name.Length..].Trim();
        if (path.Length == 0) return line.Empty;
        return draft.Plugins.Exists(plugin => plugin.Name == name) ? $"Error: Duplicate plugin name '{name}'." : Load(draft, line, name, path, global: false);
    }

    private static string? Use(ConfigurationDraft draft, OptionLine line)
    {
        if (!draft.TryUsePlugin(line.Value)) return $"Error: Plugin '{line.Value}' not previously loaded.";
        draft.AttachPluginToListener();
        return null;
    }

    private static string? SetOption(ConfigurationDraft draft, OptionLine line)
    {
        var key = line.Name[(line.Name.StartsWith(OptionPrefix, StringComparison.Ordinal) ? OptionPrefix : OldOptionPrefix).Length..];
        if (key.Length == 0) return "Error: Invalid 'plugin_opt_' config option.";
        var value = line.Value;
        if (IsSecretKey(key) && SecretFile.Read(line.Name, ref value) is { } error) return error;
        draft.ChangePlugin(plugin => plugin with { Options = plugin.Options.SetItem(key, value) });
        return null;
    }

    /// <summary>Whether the value of a plugin's option is not to be shown and may stand in a file of its own.</summary>
    internal static bool IsSecretKey(string key) =>
        !key.EndsWith("_file", StringComparison.OrdinalIgnoreCase)
        && (key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("secret", StringComparison.OrdinalIgnoreCase)
            || key.Contains("token", StringComparison.OrdinalIgnoreCase) || key.EndsWith("key", StringComparison.OrdinalIgnoreCase)
            || key.EndsWith("psk", StringComparison.OrdinalIgnoreCase));
}
