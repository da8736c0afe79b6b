using System.Collections.Immutable;

namespace Nightjar.Host.Configuration.Sections;

/// <summary>Who is let in and what they may do: for all listeners, or for one with <c>per_listener_settings true</c>.</summary>
/// <remarks>Paths only: reading the files is the work of whoever builds the broker.</remarks>
internal sealed record SecuritySection
{
    /// <summary>What the file says; null when it says nothing.</summary>
    internal bool? AllowAnonymous { get; init; }

    internal bool? AllowZeroLengthClientId { get; init; }

    /// <summary>At most 50 bytes; null: <c>auto-</c>.</summary>
    internal string? AutoIdPrefix { get; init; }

    /// <summary>mosquitto: password_file, or the plugin of that name with plugin_opt_password_file.</summary>
    internal string? PasswordFile { get; init; }

    /// <summary>mosquitto: acl_file, or the plugin of that name with plugin_opt_acl_file.</summary>
    internal string? AclFile { get; init; }

    internal string? PskFile { get; init; }

    /// <summary>Plugins that hold here, as indices into <see cref="HostConfiguration.Plugins"/>, in the order in which they are asked.</summary>
    internal ImmutableArray<int> Plugins { get; init; } = [];

    /// <summary>mosquitto: the plugin mosquitto_dynamic_security, which is asked before the files; null for none.</summary>
    internal DynamicSecuritySection? DynamicSecurity { get; init; }
}
