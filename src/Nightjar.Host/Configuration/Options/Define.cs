using Nightjar.Host.Configuration.Parsing;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Makes the options of one area and scope from a name, a default, a summary and what is done with the value.</summary>
/// <param name="area">Chapter of all options made.</param>
/// <param name="scope">Scope of all options made.</param>
/// <typeparam name="TSection">What the options change.</typeparam>
/// <param name="change">Applies a change to the section that an option of this scope means.</param>
internal sealed class Define<TSection>(OptionArea area, OptionScope scope, Action<ConfigurationDraft, Func<TSection, TSection>> change)
{
    internal ConfigurationOption Boolean(string name, bool? fallback, string summary, Func<TSection, bool, TSection> set) =>
        Make(name, OptionKind.Boolean, fallback is null ? null : fallback.Value ? "true" : "false", summary, (draft, line) =>
        {
            if (OptionValue.Boolean(line.Words[0]) is not { } value) return line.Invalid(line.Words[0]);
            change(draft, section => set(section, value));
            return null;
        });

    /// <summary>An integer of Mosquitto's: 32 bits unless <paramref name="high"/> is more.</summary>
    /// <param name="name">Name.</param>
    /// <param name="fallback">Default as it is written.</param>
    /// <param name="low">Least value.</param>
    /// <param name="high">Greatest value.</param>
    /// <param name="summary">What it does.</param>
    /// <param name="set">Takes the value.</param>
    /// <param name="outOfRange">Mosquitto's words for a value outside; null: the common ones.</param>
    /// <param name="below">What a value below <paramref name="low"/> becomes; null: an error.</param>
    internal ConfigurationOption Integer(
        string name, string? fallback, long low, long high, string summary, Func<TSection, long, TSection> set, Func<long, string>? outOfRange = null, long? below = null) =>
        Make(name, OptionKind.Integer, fallback, summary, (draft, line) =>
        {
            if (!OptionValue.TryInteger(line.Words[0], out var value)) return $"Error: '{line.Name}' value not a number.";
            if (value < int.MinValue || value > Math.Max(high, int.MaxValue)) return $"Error: '{line.Name}' value out of range.";
            if (value < low && below is not null) value = below.Value;
            else if (value < low || value > high) return outOfRange?.Invoke(value) ?? $"Error: '{line.Name}' value out of range.";
            change(draft, section => set(section, value));
            return null;
        }) with
        { Range = high >= int.MaxValue ? $"at least {low}" : $"{low} to {high}" };

    /// <summary>The rest of the line; given twice it is an error, unless <paramref name="repetition"/> says otherwise.</summary>
    internal ConfigurationOption Text(
        string name, string? fallback, string summary, Func<TSection, string, TSection> set, OptionRepetition repetition = OptionRepetition.IsAnError, Func<string, string?>? check = null) =>
        Make(name, OptionKind.Text, fallback, summary, (draft, line) =>
        {
            if (!OptionValue.IsProperText(line.Value)) return "Error: Malformed UTF-8 in configuration.";
            if (check?.Invoke(line.Value) is { } error) return error;
            change(draft, section => set(section, line.Value));
            return null;
        }) with
        { Repetition = repetition };

    /// <summary>Text that is never shown; <c>file:PATH</c> stands for the first line of that file.</summary>
    internal ConfigurationOption Secret(string name, string summary, Func<TSection, string, TSection> set, Func<string, string?>? check = null) =>
        Text(name, null, summary, set, OptionRepetition.IsAnError, check) with { Kind = OptionKind.Secret };

    /// <summary>One of a few words.</summary>
    /// <param name="name">Name.</param>
    /// <param name="fallback">Default as it is written.</param>
    /// <param name="summary">What it does.</param>
    /// <param name="words">The words and what each does.</param>
    /// <param name="otherwise">Mosquitto's words for another one; null: the common ones.</param>
    internal ConfigurationOption Choice(
        string name, string? fallback, string summary, IReadOnlyDictionary<string, Func<TSection, TSection>> words, Func<string, string>? otherwise = null) =>
        Make(name, OptionKind.Choice, fallback, summary, (draft, line) =>
        {
            if (!words.TryGetValue(line.Words[0], out var set)) return otherwise?.Invoke(line.Words[0]) ?? line.Invalid(line.Words[0]);
            change(draft, set);
            return null;
        }) with
        { Range = string.Join(" | ", words.Keys) };

    /// <summary>Several words; <paramref name="read"/> returns the changed section, or what is wrong.</summary>
    internal ConfigurationOption Words(string name, string? fallback, string summary, Func<TSection, OptionLine, (TSection? Section, string? Error)> read) =>
        Make(name, OptionKind.Words, fallback, summary, (draft, line) =>
        {
            string? error = null;
            change(draft, section =>
            {
                (var changed, error) = read(section, line);
                return error is null ? changed! : section;
            });
            return error;
        });

    /// <summary>Anything else.</summary>
    internal ConfigurationOption Make(string name, OptionKind kind, string? fallback, string summary, Func<ConfigurationDraft, OptionLine, string?> apply) =>
        new(name, area, scope, kind, fallback, summary, apply);
}
