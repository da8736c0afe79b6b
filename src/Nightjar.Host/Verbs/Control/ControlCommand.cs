namespace Nightjar.Host.Verbs.Control;

/// <summary>One command of a control module: its arguments in the order of the command line.</summary>
/// <param name="Name">Its name, in the broker's spelling.</param>
/// <param name="Summary">What it does, as one sentence.</param>
/// <param name="Parameters">Its arguments.</param>
internal sealed record ControlCommand(string Name, string Summary, params CommandParameter[] Parameters)
{
    /// <summary>Its arguments in the shell, where Mosquitto's has another order.</summary>
    internal CommandParameter[] ShellParameters { get => field ?? Parameters; init; }

    /// <summary>The array of the request that the fields go into as its only element; null: they go into the request itself.</summary>
    internal string? Array { get; init; }

    /// <summary>Arguments with a hyphen, which may stand anywhere behind the first; each with the field it sets, null for one without a value.</summary>
    internal IReadOnlyDictionary<string, string?> Flags { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether a client may be made without a password: an empty answer to the prompt is one.</summary>
    internal bool AllowsNoPassword { get; init; }

    /// <summary>What to type.</summary>
    /// <param name="inShell">In the order of the shell.</param>
    internal string Usage(bool inShell)
    {
        IEnumerable<string> flags = inShell ? [] : Flags.Where(flag => flag.Value is not null).DistinctBy(flag => flag.Value).Select(flag => $"[{flag.Key} <{flag.Value}>]");
        return string.Join(' ', [Name, .. (inShell ? ShellParameters : Parameters).Select(parameter => parameter.ToString()), .. flags]);
    }
}
