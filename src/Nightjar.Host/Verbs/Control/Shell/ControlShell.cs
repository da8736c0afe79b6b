using System.Globalization;
using System.Text.Json.Nodes;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>The interactive shell: before a connection, connected, or in a module of the broker.</summary>
/// <param name="options">Where to connect, unless the user says otherwise.</param>
/// <param name="console">Where it reads and writes.</param>
/// <param name="time">Measures how long it waits for an answer.</param>
internal sealed class ControlShell(ToolOptions options, ControlConsole console, TimeProvider time)
{
    private static readonly string[] s_beforeConnect = ["auth", "connect", "exit", "help"];
    private static readonly string[] s_connected = ["broker", "disconnect", "dynsec", "exit", "help"];
    private static readonly string[] s_inModule = ["disconnect", "exit", "help", "return"];

    private readonly ILineSource _lines = console.OpenLines();
    private readonly KnownNames _names = new();
    private ControlLink? _link;
    private ControlModule? _module;
    private bool _isOver;

    private string[] OwnCommands => _link is null ? s_beforeConnect : _module is null ? s_connected : s_inModule;

    private string Prompt => _link is null ? "> " : _module is null ? $"{Address}> " : $"{Address}|{_module.Name}> ";

    private string Address => options.UnixPath is { } path
        ? $"unix:{path}"
        : string.Create(CultureInfo.InvariantCulture, $"{(options.Tls.IsUsed(options.Port) ? "mqtts" : "mqtt")}://{options.Host}:{options.Port}");

    /// <summary>Runs until the user leaves or the input ends.</summary>
    /// <returns>0, or why there is no connection to the server of the command line.</returns>
    internal async Task<int> RunAsync(CancellationToken ct)
    {
        console.Text.WriteLine($"nightjar ctrl shell v{ToolVerb.Version}");
        if (options.HasServer)
        {
            int code = await ConnectAsync(ct).ConfigureAwait(false);
            if (code != 0) return code;
        }

        while (!_isOver && _lines.ReadLine(Prompt, new ShellCompleter(OwnCommands, _module, _names)) is { } line)
        {
            List<ShellWord> words = ShellWord.Split(line);
            if (words.Count > 0) await ExecuteAsync(line, words, ct).ConfigureAwait(false);
        }

        await CloseAsync().ConfigureAwait(false);
        return 0;
    }

    private async Task ExecuteAsync(string line, List<ShellWord> words, CancellationToken ct)
    {
        string command = words[0].Text.ToLowerInvariant();
        string? argument = words.Count > 1 ? words[1].Text : null;
        if (_module is not null && _module.TryFindCommand(command, out ControlCommand? found))
        {
            await RequestAsync(found, Arguments(found, line, words), ct).ConfigureAwait(false);
            return;
        }

        switch (OwnCommands.Contains(command) ? command : "")
        {
            case "auth": Authenticate(argument); break;
            case "connect": await ConnectAsync(argument, ct).ConfigureAwait(false); break;
            case "dynsec" or "broker": await EnterAsync(command, ct).ConfigureAwait(false); break;
            case "return": _module = null; break;
            case "disconnect": await CloseAsync().ConfigureAwait(false); break;
            case "exit": _isOver = true; break;
            case "help": ShellHelp.Print(argument, OwnCommands, _module, console.Text); break;
            default: console.Text.WriteLine($"Unknown command '{words[0].Text}'"); break;
        }
    }

    // The value of a text is the rest of the line, blanks and all.
    private static List<string> Arguments(ControlCommand command, string line, List<ShellWord> words)
    {
        List<string> arguments = [.. words.Skip(1).Select(word => word.Text)];
        int last = command.ShellParameters.Length - 1;
        if (last < 0 || command.ShellParameters[last].Kind != ParameterKind.PropertyValue || arguments.Count <= last + 1) return arguments;
        return [.. arguments[..last], line[words[last + 1].Start..].TrimEnd()];
    }

    private void Authenticate(string? userName)
    {
        userName ??= _lines.ReadLine("username: ", completer: null);
        if (string.IsNullOrEmpty(userName) || _lines.ReadSecret("password:") is not { } password)
        {
            console.Text.WriteLine(string.IsNullOrEmpty(userName) ? "No username." : "No password.");
            return;
        }

        (options.UserName, options.Password) = (userName, password);
    }

    private async Task ConnectAsync(string? url, CancellationToken ct)
    {
        if (url is not null && !TryApply(url)) return;
        try
        {
            await ConnectAsync(ct).ConfigureAwait(false);
        }
        catch (UsageException exception)
        {
            // A file of certificates that cannot be read.
            console.Errors.Write(exception.Message);
        }
    }

    private bool TryApply(string url)
    {
        options.UnixPath = null;
        options.Tls.IsInUrl = false;
        try
        {
            ToolUrl.Apply(options, url.Contains("://", StringComparison.Ordinal) ? url : $"{(options.Tls.IsUsed(options.Port) ? "mqtts" : "mqtt")}://{url}");
        }
        catch (UsageException exception)
        {
            console.Errors.WriteLine(exception.Message.TrimEnd());
            return false;
        }

        if (options.UnavailableOption is not { } unavailable) return true;
        options.UnavailableOption = null;
        console.Errors.WriteLine($"Error: {unavailable} cannot be used: this build connects by TCP, TLS and unix sockets only.");
        return false;
    }

    private async Task<int> ConnectAsync(CancellationToken ct)
    {
        CtrlVerb.WarnOfPlainText(options, console.Errors);
        if (options is { UserName: { } user, Password: null })
        {
            if (_lines.ReadSecret($"Password for {user}: ") is not { } password)
            {
                console.Text.WriteLine("No password.");
                return ControlExit.Failure;
            }

            options.Password = password;
        }

        var link = new ControlLink(new ToolSession(options, console.Output, console.Errors), time);
        int code = await link.ConnectAsync(ct).ConfigureAwait(false);
        if (code == 0)
        {
            _link = link;
            return 0;
        }

        code = link.IsRefused ? ControlExit.Failure : code;
        await link.DisposeAsync().ConfigureAwait(false);
        return code;
    }

    private async Task EnterAsync(string name, CancellationToken ct)
    {
        if (!ControlModule.TryFind(name, out ControlModule? module)) return;
        _module = module;
        if (module != DynsecModule.Module) return;
        foreach (string list in (string[])["listClients", "listGroups", "listRoles"])
        {
            var request = new JsonObject { ["command"] = list };
            if (await AskAsync(request, ct).ConfigureAwait(false) is not { Error: null } response) return;
            _names.Learn(request, response);
        }
    }

    private async Task RequestAsync(ControlCommand command, List<string> arguments, CancellationToken ct)
    {
        JsonObject? request = CommandBinder.Bind(
            command, arguments, inShell: true, _ => NewPassword.Ask(command.AllowsNoPassword, _lines.ReadSecret), out string problem);
        if (request is null)
        {
            console.Text.WriteLine(problem);
            return;
        }

        if (await AskAsync(request, ct).ConfigureAwait(false) is not { } response) return;
        if (response.Error is { } error)
        {
            console.Text.WriteLine(error);
            return;
        }

        _names.Learn(request, response);
        if (!ShellPrinter.Print(response, console.Text)) console.Text.WriteLine("Invalid response from broker.");
    }

    // Null when no answer came; why not is said.
    private async Task<ControlResponse?> AskAsync(JsonObject request, CancellationToken ct)
    {
        // The broker may have been started anew since the last command.
        if (_link!.IsConnected || await _link.ConnectAsync(ct).ConfigureAwait(false) == 0)
        {
            ControlReply reply = await _link.RequestAsync(_module!, request, ct).ConfigureAwait(false);
            if (reply.Response is not null) return reply.Response;
            console.Text.WriteLine(Describe(reply));
            return null;
        }

        await CloseAsync().ConfigureAwait(false);
        return null;
    }

    private string Describe(ControlReply reply) => reply.Outcome switch
    {
        ControlOutcome.EndpointUnavailable => "$CONTROL endpoint for this module not available.",
        ControlOutcome.SubscribeRefused => "Subscribe failed, check you have permission to access this module.",
        ControlOutcome.PublishRefused => "Publish failed, check you have permission to access this module.",
        ControlOutcome.TimedOut => $"Timed out with no response. Check the {_module!.Name} module is configured on the broker.",
        ControlOutcome.ConnectionLost => "The connection was lost before the broker answered.",
        _ => "Invalid response from broker.",
    };

    private async Task CloseAsync()
    {
        if (_link is not { } link) return;
        (_link, _module) = (null, null);
        if (link.IsConnected) await link.DisconnectAsync().ConfigureAwait(false);
        await link.DisposeAsync().ConfigureAwait(false);
    }
}
