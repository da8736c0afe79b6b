using Nightjar.Host.Configuration.Parsing;

namespace Nightjar.Host.Configuration.Options;

/// <summary>One option of the configuration file.</summary>
/// <param name="Name">Name in the file; a trailing * stands for any key.</param>
/// <param name="Area">Chapter.</param>
/// <param name="Scope">Where it may stand.</param>
/// <param name="Kind">What its value is.</param>
/// <param name="Default">Default as it is written in <c>config/nightjar.conf</c>; null for an option without one.</param>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="Apply">Takes the line into the draft; returns what is wrong with it, in Mosquitto's words, or null.</param>
internal sealed record ConfigurationOption(
    string Name, OptionArea Area, OptionScope Scope, OptionKind Kind, string? Default, string Summary, Func<ConfigurationDraft, OptionLine, string?> Apply)
{
    /// <summary>Values that are accepted, for people; null where the kind says it all.</summary>
    internal string? Range { get; init; }

    /// <summary>Whether a reload applies it to the running broker.</summary>
    internal bool IsReloadable { get; init; } = true;

    internal OptionRepetition Repetition { get; init; }

    /// <summary>The option that this one is another name of; null: it is itself.</summary>
    internal string? AliasOf { get; init; }

    /// <summary>Whether Mosquitto says that it will go; its notice is then "The 'x' option is now deprecated and will be removed in version 3.0." and this.</summary>
    internal string? Deprecation { get; init; }

    /// <summary>Whether the option may stand without a value.</summary>
    internal bool MayBeEmpty { get; init; }

    /// <summary>Whether it begins a section or says where one holds: sections are compared as such, not by this line.</summary>
    internal bool IsStructure { get; init; }

    /// <summary>Name under which its value is kept and compared.</summary>
    internal string CanonicalName => AliasOf ?? Name;

    /// <summary>Whether its value must not be shown.</summary>
    internal bool IsSecret => Kind == OptionKind.Secret;

    /// <summary>Another name for the same option.</summary>
    internal ConfigurationOption As(string alias, string? deprecation = null) =>
        this with { Name = alias, AliasOf = Name, Default = null, Summary = $"Another name of {Name}.", Deprecation = deprecation ?? Deprecation };
}
