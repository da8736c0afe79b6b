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
        var security = WithPlugins(draft.Security, null);
        var listeners = draft.Listeners.Select(listener => listener with { Security = WithPlugins(listener.Security, listener) }).ToList();
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

    private SecuritySection WithPlugins(SecuritySection security, ListenerSection? listener)
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
        errors.Add($"Error: Both '{before}' and '{path}' are given as {option} for the same clients; put their lines into one file.");
        errors.Add($"Error found at {plugin.Place}.");
        return before;
    }
}
