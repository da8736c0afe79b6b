namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Where dynamic security is kept, and how it begins.</summary>
public sealed record DynamicSecurityOptions
{
    /// <summary>The file, of Mosquitto 2.0 or 2.1. It is made when it is not there. mosquitto: plugin_opt_config_file.</summary>
    public required string Path { get; init; }

    /// <summary>A file whose first line is the password of <c>admin</c>, at least 12 characters, for when the file is made. mosquitto: plugin_opt_password_init_file.</summary>
    /// <value>Null (default): <see cref="InitialPassword"/>, and without that a random one, which is written to <c>PATH.pw</c>.</value>
    public string? InitialPasswordPath { get; init; }

    /// <summary>The password of <c>admin</c>, at least 12 characters, for when the file is made. mosquitto: the environment's MOSQUITTO_DYNSEC_PASSWORD.</summary>
    public string? InitialPassword { get; init; }

    /// <summary>Whether clients with <c>+</c> or <c>#</c> in user name or client id may do nothing. mosquitto: auth_plugin_deny_special_chars.</summary>
    /// <value>Default true.</value>
    public bool DeniesSpecialCharacters { get; init; } = true;
}
