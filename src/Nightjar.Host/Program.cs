using Nightjar.Host.Processes;
using Nightjar.Host.Verbs;
using Nightjar.Host.Verbs.Control;
using Nightjar.Host.Verbs.Control.Shell;
using Nightjar.Host.Verbs.Passwords;

namespace Nightjar.Host;

/// <summary>The one executable: <c>nightjar [verb] ...</c>. Without a verb, or with options only, it runs the broker.</summary>
internal static class Program
{
    internal static async Task<int> Main(string[] args)
    {
        // Before anything takes a duplicate of the terminal's descriptors, as the console's streams do.
        if (Daemon.IsThis) Daemon.Detach();
        using var output = Console.OpenStandardOutput();
        using var input = Console.OpenStandardInput();
        var verb = VerbOf(args, out var rest);
        return verb switch
        {
            "pub" => await PubVerb.RunAsync(rest, input, output, Console.Error, CancellationToken.None),
            "sub" => await SubVerb.RunAsync(rest, input, output, Console.Error, CancellationToken.None),
            "rr" => await RrVerb.RunAsync(rest, input, output, Console.Error, CancellationToken.None),
            "passwd" => PasswdVerb.Run(rest, PasswordPrompt.Ask, Console.Out, Console.Error),
            "ctrl" => await RunControlAsync(rest, output),
            "store" => await StoreVerb.RunAsync(rest, output, Console.Error, TimeProvider.System),
            "cert" => CertVerb.Run(rest, Console.Out, Console.Error, TimeProvider.System),
            _ => await RunVerb.RunAsync(rest, Console.Out, Console.Error),
        };
    }

    private static async Task<int> RunControlAsync(string[] args, Stream output)
    {
        await using var text = new StreamWriter(output, leaveOpen: true) { AutoFlush = true };
        return await CtrlVerb.RunAsync(args, new ControlConsole(output, text, Console.Error, PasswordPrompt.Ask, () => ShellLines.Open(text)), TimeProvider.System, CancellationToken.None);
    }

    // Started through a link of a Mosquitto tool's name, it is that tool.
    private static string VerbOf(string[] args, out string[] rest)
    {
        rest = args;
        switch (Path.GetFileNameWithoutExtension(StartedAs()))
        {
            case "mosquitto_pub": return "pub";
            case "mosquitto_sub": return "sub";
            case "mosquitto_rr": return "rr";
            case "mosquitto_passwd": return "passwd";
            case "mosquitto_ctrl": return "ctrl";
        }

        if (args.Length == 0 || args[0] is not ("run" or "pub" or "sub" or "rr" or "passwd" or "cert" or "ctrl" or "store")) return "run";
        rest = args[1..];
        return args[0];
    }

    // The runtime tells the name of the assembly; the name of the link only the system knows.
    private static string StartedAs()
    {
        const string CommandLine = "/proc/self/cmdline";
        return File.Exists(CommandLine) ? File.ReadAllText(CommandLine).Split('\0')[0] : Environment.GetCommandLineArgs()[0];
    }
}
