namespace Nightjar.Host.Configuration.Sections;

/// <summary>The names by which Mosquitto's plugins call themselves, in its log and in listPlugins.</summary>
internal static class PluginNames
{
    /// <summary>The events that a plugin handles, by Mosquitto's names.</summary>
    internal static IReadOnlyList<string> EventsOf(PluginKind kind) => kind switch
    {
        PluginKind.PasswordFile => ["reload", "basic-auth"],
        PluginKind.AclFile => ["reload", "acl-check"],
        PluginKind.DynamicSecurity => ["acl-check", "basic-auth", "control"],
        _ => [],
    };

    /// <summary>The name of a plugin.</summary>
    internal static string Of(PluginKind kind) => kind switch
    {
        PluginKind.PasswordFile => "password-file",
        PluginKind.AclFile => "acl-file",
        PluginKind.DynamicSecurity => "dynamic-security",
        PluginKind.PersistSqlite => "persist-sqlite",
        PluginKind.SparkplugAware => "sparkplug-aware",
        _ => "unknown",
    };
}
