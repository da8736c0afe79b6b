using System.Diagnostics.CodeAnalysis;

namespace Nightjar.Host.Verbs.Control;

/// <summary>A part of the broker that takes commands on a topic of its own.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="Topic">Topic of the requests; the responses come on this with <c>/response</c>.</param>
/// <param name="Commands">What it can be asked.</param>
internal sealed record ControlModule(string Name, string Topic, IReadOnlyList<ControlCommand> Commands)
{
    private static readonly ControlModule[] s_all = [DynsecModule.Module, BrokerModule.Module];

    /// <summary>Topic of the responses.</summary>
    internal string ResponseTopic => Topic + "/response";

    /// <summary>Finds a module by its name, of either case.</summary>
    internal static bool TryFind(string name, [NotNullWhen(true)] out ControlModule? module)
    {
        module = System.Array.Find(s_all, candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return module is not null;
    }

    /// <summary>Finds a command by its name, of either case.</summary>
    internal bool TryFindCommand(string name, [NotNullWhen(true)] out ControlCommand? command)
    {
        command = Commands.FirstOrDefault(candidate => candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return command is not null;
    }
}
