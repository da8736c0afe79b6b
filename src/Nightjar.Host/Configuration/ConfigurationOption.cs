namespace Nightjar.Host.Configuration;

/// <summary>One option of the configuration file.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Default">Default as it is written in <c>config/nightjar.conf</c>; null for an option without one.</param>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="Apply">Takes the value; returns what is wrong with it, or null.</param>
internal sealed record ConfigurationOption(string Name, string? Default, string Summary, Func<ConfigurationDraft, string, string?> Apply);
