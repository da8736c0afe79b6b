using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>Makes the immutable configuration of a draft: plugins that stand for an option become that option.</summary>
/// <param name="draft">Everything that was read and checked.</param>
/// <param name="errors">What is wrong so far; takes what is found here.</param>
internal sealed class ConfigurationAssembly(ConfigurationDraft draft, List<string> errors)
{
    /// <summary>Builds the configuration.</summary>
    /// <param name="persistenceLocation">The environment's directory, which wins over the file's; null or empty: the file's.</param>
    internal HostConfiguration Build(string? persistenceLocation)
    {
        var security = WithPlugins(draft.Security);
        var listeners = draft.Listeners.Select(listener => listener with { Security = WithPlugins(listener.Security) }).ToList();
        foreach (var listener in listeners) CheckAgainst(security, listener);
        CheckSpecialCharacters();
        var options = draft.Options with
        {
            PluginNames = NamesOf(draft.Plugins),
            AllowAnonymous = security.AllowAnonymous ?? draft.IsLocalOnly,
            AllowZeroLengthClientId = security.AllowZeroLengthClientId ?? true,
            AutoIdPrefix = security.AutoIdPrefix ?? "auto-",
        };
        if (errors.Count == 0) errors.AddRange(options.Validate().Select(text => $"Error: {text}"));
        var persistence = string.IsNullOrEmpty(persistenceLocation) ? draft.Persistence : draft.Persistence with { Location = persistenceLocation };
        return new HostConfiguration
        {
            Options = options,
            NoDelay = draft.NoDelay,
            EventLoops = draft.EventLoops,
            Security = security,
            PerListenerSettings = draft.PerListenerSettings,
            IsLocalOnly = draft.IsLocalOnly,
            Listeners = [.. listeners],
            Bridges = [.. draft.Bridges],
            Plugins = [.. draft.Plugins],
            Persistence = persistence,
            Process = draft.Process,
            Log = draft.Log,
            Settings = draft.Settings,
            Notices = [.. draft.Notices, .. InactiveFeature.Find(draft)],
            Errors = [.. errors],
        };
    }

    // Dynamic security is found in the rules.
    private static string[] NamesOf(IEnumerable<PluginSection> plugins)
    {
        string[] names = [.. plugins.Where(plugin => plugin.Kind is PluginKind.PasswordFile or PluginKind.AclFile).Select(plugin => PluginNames.Of(plugin.Kind)).Distinct()];
        // Options are compared by value, lists by reference.
        return names.Length == 0 ? [] : names;
    }

    private SecuritySection WithPlugins(SecuritySection security)
    {
        foreach (var plugin in security.Plugins.Select(number => draft.Plugins[number]))
        {
            switch (plugin.Kind)
            {
                case PluginKind.PasswordFile when plugin.Options.TryGetValue("password_file", out var path):
                    security = security with { PasswordFile = One(security.PasswordFile, path, "password_file", plugin) };
                    break;
                case PluginKind.AclFile when plugin.Options.TryGetValue("acl_file", out var path):
                    security = security with { AclFile = One(security.AclFile, path, "acl_file", plugin) };
                    break;
                case PluginKind.DynamicSecurity when plugin.Options.TryGetValue("config_file", out var path):
                    security = security with { DynamicSecurity = One(security.DynamicSecurity, path, plugin) };
                    break;
            }
        }

        return security;
    }

    private DynamicSecuritySection One(DynamicSecuritySection? before, string path, PluginSection plugin)
    {
        One(before?.ConfigFile, path, "config_file", plugin);
        return before ?? new DynamicSecuritySection(path, plugin.Options.GetValueOrDefault("password_init_file"), plugin.DenySpecialCharacters);
    }

    // Two files would be asked one after the other; one file says the same and can be read.
    private string One(string? before, string path, string option, PluginSection plugin)
    {
        if (before is null || before == path) return path;
        Refuse(before, path, option, "the same clients", plugin.Place);
        return before;
    }

    // What holds for all listeners holds beside what a listener has of its own.
    private void CheckAgainst(SecuritySection common, ListenerSection listener)
    {
        var own = listener.Security;
        CheckOne(common.PasswordFile, own.PasswordFile, "password_file", PluginKind.PasswordFile, listener);
        CheckOne(common.AclFile, own.AclFile, "acl_file", PluginKind.AclFile, listener);
        CheckOne(common.DynamicSecurity?.ConfigFile, own.DynamicSecurity?.ConfigFile, "config_file", PluginKind.DynamicSecurity, listener);
    }

    private void CheckOne(string? common, string? own, string option, PluginKind kind, ListenerSection listener)
    {
        if (common is null || own is null || common == own) return;
        var plugin = listener.Security.Plugins.Select(number => draft.Plugins[number]).FirstOrDefault(plugin => plugin.Kind == kind);
        Refuse(common, own, option, $"the clients of listener {listener.Key}", plugin?.Place ?? listener.Place);
    }

    private void Refuse(string one, string other, string option, string whom, SourcePlace place)
    {
        // Lines can be moved; what a broker writes itself cannot be merged by hand.
        var cure = option == "config_file" ? "name the same file in both places, or remove one of the plugins" : "put their lines into one file";
        errors.Add($"Error: Both '{one}' and '{other}' are given as {option} for {whom}; {cure}.");
        errors.Add($"Error found at {place}.");
    }

    // The option belongs to the file's clients, whatever listener they come by.
    private void CheckSpecialCharacters()
    {
        foreach (var file in draft.Plugins.Where(plugin => plugin.Kind == PluginKind.DynamicSecurity).GroupBy(plugin => plugin.Options.GetValueOrDefault("config_file")))
        {
            var first = file.First();
            if (file.FirstOrDefault(plugin => plugin.DenySpecialCharacters != first.DenySpecialCharacters) is not { } other) continue;
            errors.Add($"Error: auth_plugin_deny_special_chars is {Word(first)} and {Word(other)} for the plugins with config_file '{file.Key}'; give it the same value for both.");
            errors.Add($"Error found at {other.Place}.");
        }

        static string Word(PluginSection plugin) => plugin.DenySpecialCharacters ? "true" : "false";
    }
}
