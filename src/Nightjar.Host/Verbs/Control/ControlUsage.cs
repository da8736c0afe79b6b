using System.Text;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Control;

/// <summary>The texts of --help and of the modules' help.</summary>
internal static class ControlUsage
{
    /// <summary>The text of --help.</summary>
    internal static string Text { get; } = ToolUsage.Text(ToolKind.Ctrl) + """

        Usage: nightjar ctrl [options] dynsec <command> [arguments]
               nightjar ctrl [options] broker <command> [arguments]
               nightjar ctrl [options]                               the interactive shell
        Commands of a module: nightjar ctrl <module> help

        Options may stand in $XDG_CONFIG_HOME/mosquitto_ctrl.conf or $HOME/.config/mosquitto_ctrl.conf, one a line; the command line goes before them.
        Exit codes: 0 the broker has answered (its error is on the standard error), 1 wrong options or refused, 3 wrong arguments, 7 connection lost, 8 TLS,
        10 no such module, 13 no such command, 14 not reachable, 15 name not found, 27 no answer within 10 seconds.

        """;

    /// <summary>The text of a module's help.</summary>
    internal static string Of(ControlModule module)
    {
        var text = new StringBuilder();
        string title = module.Name == DynsecModule.Module.Name ? "Dynamic Security module" : "Broker Control module";
        text.Append('\n').Append(title).Append('\n').Append('=', title.Length).Append("\n\n");
        if (module.Name == DynsecModule.Module.Name)
        {
            Append(text, "init <new-config-file> <admin-username> [<admin-password>]", "Creates a configuration file with a user who may administer the rest. Asks no broker.");
            Append(text, "-f <config-file> dynsec <command> ...", "Does any of the following in a file that no broker has open. setClientPassword also takes -i <iterations>.");
        }

        foreach (ControlCommand command in module.Commands) Append(text, command.Usage(inShell: false), command.Summary);
        if (module.Name == DynsecModule.Module.Name)
        {
            text.Append("\nHigher priorities are evaluated first.\n");
            text.Append("acltype of roles:      ").AppendJoin('|', AclTypes.Of(ParameterKind.AclType)).Append('\n');
            text.Append("acltype of the others: ").AppendJoin('|', AclTypes.Of(ParameterKind.DefaultAclType)).Append('\n');
        }

        return text.Append('\n').ToString();
    }

    private static void Append(StringBuilder text, string usage, string summary) => text.Append(usage).Append("\n    ").Append(summary).Append('\n');
}
