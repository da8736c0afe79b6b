namespace Nightjar.Host.Configuration.Sections;

/// <summary>Dynamic security as a configuration switches it on: the plugin of that name and its options.</summary>
/// <param name="ConfigFile">plugin_opt_config_file; made when it is not there.</param>
/// <param name="PasswordInitFile">plugin_opt_password_init_file: the password of the first user, when the file is made; null for none.</param>
/// <param name="DenySpecialCharacters">auth_plugin_deny_special_chars.</param>
internal sealed record DynamicSecuritySection(string ConfigFile, string? PasswordInitFile, bool DenySpecialCharacters);
