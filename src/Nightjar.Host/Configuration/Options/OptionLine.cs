namespace Nightjar.Host.Configuration.Options;

/// <summary>One line of a configuration file, split and expanded.</summary>
/// <param name="Name">The option as written, alias or not.</param>
/// <param name="Value">Everything after the first space, blanks at both ends taken off; may be empty.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record OptionLine(string Name, string Value, Sections.SourcePlace Place)
{
    /// <summary>The words of the value.</summary>
    internal string[] Words { get; } = Value.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Error for an option without a value.</summary>
    internal string Empty => $"Error: Empty '{Name}' value in configuration.";

    /// <summary>Error for a value that means nothing.</summary>
    internal string Invalid(string value) => $"Error: Invalid '{Name}' value ({value}).";
}
