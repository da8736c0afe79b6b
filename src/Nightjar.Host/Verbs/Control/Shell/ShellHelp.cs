namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>The texts of the shell's <c>help</c>.</summary>
internal static class ShellHelp
{
    private static readonly (string Name, string Usage, string Summary)[] s_own =
    [
        ("auth", "auth [username]", "Sets the user name and password for the next connect."),
        ("connect", "connect [mqtt://|mqtts://|ws://|wss://host[:port]]", "Connects to a broker: without a URL to the one of the command line, or to mqtt://localhost:1883."),
        ("dynsec", "dynsec", "Goes to the clients, groups and roles."),
        ("broker", "broker", "Goes to what the broker runs."),
        ("return", "return", "Leaves dynsec or broker."),
        ("disconnect", "disconnect", "Disconnects from the broker."),
        ("help", "help [command]", "Explains a command, or lists them all."),
        ("exit", "exit", "Ends the shell; so does Ctrl-D."),
    ];

    /// <summary>Explains what can be typed, or one command.</summary>
    /// <param name="command">The command; null for all.</param>
    /// <param name="own">The shell's own commands of its state.</param>
    /// <param name="module">The module it is in; null outside of modules.</param>
    /// <param name="output">Where to.</param>
    internal static void Print(string? command, IReadOnlyList<string> own, ControlModule? module, TextWriter output)
    {
        if (command is not null)
        {
            Explain(command, own, module, output);
            return;
        }

        output.WriteLine("This is the interactive shell of nightjar ctrl, for administering a broker.");
        if (module is not null) output.WriteLine($"You are in {module.Name}; 'return' leaves it.");
        output.WriteLine("'help <command>' explains a command; Tab completes commands and names.");
        output.WriteLine();
        foreach (ControlCommand known in module?.Commands ?? []) output.WriteLine(known.Usage(inShell: true));
        foreach ((string _, string usage, string _) in s_own.Where(known => own.Contains(known.Name))) output.WriteLine(usage);
        if (module is not null) return;
        output.WriteLine();
        output.WriteLine("""
            Example:

            > auth admin
            password:
            > connect mqtt://localhost
            mqtt://localhost:1883> dynsec
            mqtt://localhost:1883|dynsec> createGroup newgroup
            OK
            """);
    }

    private static void Explain(string command, IReadOnlyList<string> own, ControlModule? module, TextWriter output)
    {
        if (module is not null && module.TryFindCommand(command, out ControlCommand? found))
        {
            output.WriteLine(found.Usage(inShell: true));
            output.WriteLine();
            output.WriteLine(found.Summary);
            return;
        }

        (string name, string usage, string summary) = System.Array.Find(s_own, known => known.Name.Equals(command, StringComparison.OrdinalIgnoreCase));
        if (name is null || !own.Contains(name))
        {
            output.WriteLine($"Unknown command '{command}'");
            return;
        }

        output.WriteLine(usage);
        output.WriteLine();
        output.WriteLine(summary);
    }
}
