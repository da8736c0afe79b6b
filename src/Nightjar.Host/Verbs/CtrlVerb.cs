using System.Text.Json.Nodes;
using Nightjar.Host.Verbs.Control;
using Nightjar.Host.Verbs.Control.Shell;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs;

/// <summary>nightjar ctrl: administers a broker through its control topics, as mosquitto_ctrl does.</summary>
internal static class CtrlVerb
{
    /// <summary>Runs the verb.</summary>
    /// <param name="args">What stands behind the verb.</param>
    /// <param name="console">Where it reads and writes.</param>
    /// <param name="time">Measures how long it waits for an answer.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>One of <see cref="ControlExit"/>, or why there was no connection.</returns>
    public static async Task<int> RunAsync(string[] args, ControlConsole console, TimeProvider time, CancellationToken ct)
    {
        ToolOptions options;
        string[] rest;
        try
        {
            options = ToolOptionParser.ParseLeading(args, OpenOptionFile, out rest);
        }
        catch (UsageException exception)
        {
            await console.Errors.WriteAsync(exception.Message).ConfigureAwait(false);
            if (exception.HasHint) await console.Errors.WriteAsync("\nUse 'nightjar ctrl --help' to see usage.\n").ConfigureAwait(false);
            await console.Errors.FlushAsync(ct).ConfigureAwait(false);
            return ControlExit.Failure;
        }

        if (options.Question is not null || rest.Length == 1)
        {
            await console.Text.WriteAsync(options.Question == "--version" ? $"nightjar ctrl version {ToolVerb.Version}\n" : ControlUsage.Text).ConfigureAwait(false);
            return ControlExit.Failure;
        }

        try
        {
            if (rest.Length == 0) return await new ControlShell(options, console, time).RunAsync(ct).ConfigureAwait(false);
            return await RunCommandAsync(options, rest[0], rest[1], rest[2..], console, time, ct).ConfigureAwait(false);
        }
        catch (UsageException exception)
        {
            // What only using the options tells: their files.
            ToolErrors.Write(console.Errors, exception.Message, options.Quiet);
            return ControlExit.Failure;
        }
    }

    /// <summary>Warns of a connection that others can listen to.</summary>
    internal static void WarnOfPlainText(ToolOptions options, TextWriter errors)
    {
        if (options.UnixPath is null && !options.Tls.IsUsed(options.Port))
            ToolErrors.Write(
                errors,
                "Warning: You are running mosquitto_ctrl without encryption.\n" +
                "This means all of the configuration changes you are making are visible on the network, including passwords.\n\n",
                options.Quiet);
    }

    private static async Task<int> RunCommandAsync(
        ToolOptions options, string moduleName, string name, string[] arguments, ControlConsole console, TimeProvider time, CancellationToken ct)
    {
        if (!ControlModule.TryFind(moduleName, out ControlModule? module))
        {
            console.Errors.WriteLine($"Error: Module '{moduleName}' not supported.");
            return ControlExit.UnknownModule;
        }

        if (name.Equals("help", StringComparison.OrdinalIgnoreCase))
        {
            await console.Text.WriteAsync(ControlUsage.Of(module)).ConfigureAwait(false);
            return 0;
        }

        bool isDynsec = module == DynsecModule.Module;
        if (isDynsec && name.Equals("init", StringComparison.OrdinalIgnoreCase)) return InitialFile.Create(arguments, console);
        if (!module.TryFindCommand(name, out ControlCommand? command))
        {
            console.Errors.WriteLine($"Command '{name}' not recognised.");
            return ControlExit.UnknownCommand;
        }

        if (options.DynsecFile is { } file && isDynsec) return DynsecFile.Run(file, command, arguments, console);
        if (CommandBinder.Bind(command, arguments, inShell: false, user => AskNewPassword(command, user, console), out string problem) is { } request)
            return await RequestAsync(options, module, request, console, time, ct).ConfigureAwait(false);
        console.Errors.WriteLine(problem);
        // Mosquitto's words, when it was the arguments and not an answer to the prompt.
        return NewPassword.IsProblem(problem) ? ControlExit.Failure : ControlExit.InvalidArguments(console.Errors);
    }

    private static NewPassword AskNewPassword(ControlCommand command, string userName, ControlConsole console)
    {
        if (command.AllowsNoPassword)
            console.Text.WriteLine($"Enter new password for {userName}. Press return for no password (user will be unable to login).");
        NewPassword answer = NewPassword.Ask(userName, command.AllowsNoPassword, console.AskPassword);
        if (answer is { Text: null, Problem: null }) console.Text.WriteLine();
        return answer;
    }

    private static async Task<int> RequestAsync(
        ToolOptions options, ControlModule module, JsonObject request, ControlConsole console, TimeProvider time, CancellationToken ct)
    {
        WarnOfPlainText(options, console.Errors);
        if (options is { UserName: { } user, Password: null })
        {
            options.Password = console.AskPassword($"Password for {user}: ");
            if (string.IsNullOrEmpty(options.Password))
            {
                console.Errors.WriteLine("Error: Empty password.\nError getting password.");
                return ControlExit.Failure;
            }
        }

        await using var link = new ControlLink(new ToolSession(options, console.Output, console.Errors), time);
        int code = await link.ConnectAsync(ct).ConfigureAwait(false);
        // A refusal has a code of its own in each version of MQTT, some of which are those of other failures.
        if (code != 0) return link.IsRefused ? ControlExit.Failure : code;
        ControlReply reply = await link.RequestAsync(module, request, ct).ConfigureAwait(false);
        code = Report(reply, options, console);
        await link.DisconnectAsync().ConfigureAwait(false);
        return code;
    }

    private static int Report(ControlReply reply, ToolOptions options, ControlConsole console)
    {
        if (reply.Response is { } response)
        {
            if (response.Error is { } error) ToolErrors.Write(console.Errors, $"{response.Command}: Error: {error}.\n", options.Quiet);
            else if (!ResponsePrinter.Print(response, console.Text)) ToolErrors.Write(console.Errors, "Error: Invalid response from server.\n", options.Quiet);
            return 0;
        }

        ToolErrors.Write(console.Errors, reply.Describe(options.Version) + "\n", options.Quiet);
        return reply.Outcome switch
        {
            ControlOutcome.TimedOut => ControlExit.TimedOut,
            ControlOutcome.ConnectionLost => ControlExit.ConnectionLost,
            _ => ControlExit.Failure,
        };
    }

    // The user's own file need not be there; one that was named must be.
    private static StreamReader? OpenOptionFile(string? named)
    {
        string? path = named ?? ToolOptionFile.Find(ToolKind.Ctrl, Environment.GetEnvironmentVariable);
        try
        {
            return path is null ? null : new StreamReader(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"Error: Unable to open options file {path}: {DynsecFile.Reason(exception)}.\n", hint: false);
        }
    }
}
