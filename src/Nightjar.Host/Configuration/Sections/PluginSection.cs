using System.Collections.Immutable;

namespace Nightjar.Host.Configuration.Sections;

/// <summary>One plugin and the options that follow it.</summary>
internal sealed record PluginSection
{
    internal required string Path { get; init; }

    /// <summary>Name given by plugin_load; null otherwise.</summary>
    internal string? Name { get; init; }

    /// <summary>Whether it holds for all listeners whatever per_listener_settings says, and is asked first.</summary>
    internal bool IsGlobal { get; init; }

    internal PluginKind Kind { get; init; }

    /// <summary>mosquitto: auth_plugin_deny_special_chars.</summary>
    internal bool DenySpecialCharacters { get; init; } = true;

    /// <summary>plugin_opt_KEY and auth_opt_KEY values by KEY; the last of a key counts.</summary>
    internal ImmutableDictionary<string, string> Options { get; init; } = ImmutableDictionary<string, string>.Empty;

    internal SourcePlace Place { get; init; }

    /// <summary>Recognises a shipped plugin by its file name, whatever directory it is in and whatever the platform's suffix is.</summary>
    internal static PluginKind KindOf(string path)
    {
        var name = path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0) name = name[..dot];
        return name switch
        {
            "mosquitto_password_file" => PluginKind.PasswordFile,
            "mosquitto_acl_file" => PluginKind.AclFile,
            "mosquitto_dynamic_security" => PluginKind.DynamicSecurity,
            "mosquitto_persist_sqlite" => PluginKind.PersistSqlite,
            "mosquitto_sparkplug_aware" => PluginKind.SparkplugAware,
            _ => PluginKind.Unknown,
        };
    }
}
