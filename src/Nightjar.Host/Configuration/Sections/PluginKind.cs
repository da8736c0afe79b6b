namespace Nightjar.Host.Configuration.Sections;

/// <summary>Plugins that Mosquitto ships, by the name of their file.</summary>
internal enum PluginKind : byte
{
    /// <summary>A native library of somebody else's; it cannot be loaded.</summary>
    Unknown,

    /// <summary>mosquitto_password_file: the same as the option password_file.</summary>
    PasswordFile,

    /// <summary>mosquitto_acl_file: the same as the option acl_file.</summary>
    AclFile,

    /// <summary>mosquitto_dynamic_security.</summary>
    DynamicSecurity,

    /// <summary>mosquitto_persist_sqlite.</summary>
    PersistSqlite,

    /// <summary>mosquitto_sparkplug_aware.</summary>
    SparkplugAware,
}
