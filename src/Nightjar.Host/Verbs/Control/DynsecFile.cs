using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Verbs.Passwords;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Control;

/// <summary>
/// <c>-f FILE</c>: commands of dynsec carried out on a file that no broker has open, above all a new password for an administrator who has lost his.
/// </summary>
internal static class DynsecFile
{
    /// <summary>Carries out a command.</summary>
    /// <param name="path">The file. Its owner and mode stay.</param>
    /// <param name="command">The command.</param>
    /// <param name="arguments">Its arguments; for a new password also <c>-i</c> with a number of iterations.</param>
    /// <param name="console">Asks for a password, and gets what the file answers.</param>
    /// <returns>The exit code; nobody else than the file answers, so an error is a failure.</returns>
    internal static int Run(string path, ControlCommand command, IReadOnlyList<string> arguments, ControlConsole console)
    {
        string problem = TakeIterations(command, ref arguments, out int iterations) ?? "";
        JsonObject? request = problem.Length > 0
            ? null
            : CommandBinder.Bind(command, arguments, inShell: false, user => NewPassword.Ask(user, command.AllowsNoPassword, console.AskPassword), out problem);
        if (request is null)
        {
            console.Errors.WriteLine(problem);
            return NewPassword.IsProblem(problem) ? ControlExit.Failure : ControlExit.InvalidArguments(console.Errors);
        }

        if (Execute(path, request, iterations, out ControlReply reply) is { } error)
        {
            console.Errors.WriteLine(error);
            return ControlExit.Failure;
        }

        if (reply.Response is { Error: null } response && ResponsePrinter.Print(response, console.Text)) return 0;
        console.Errors.WriteLine(reply.Response?.Error is { } refused ? $"{reply.Response.Command}: Error: {refused}." : reply.Describe(ProtocolVersion.Mqtt50));
        return ControlExit.Failure;
    }

    /// <summary>Why a file could not be used, in the words of the C library.</summary>
    internal static string Reason(Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        _ => exception.Message.TrimEnd('.'),
    };

    // Null when all is well.
    private static string? TakeIterations(ControlCommand command, ref IReadOnlyList<string> arguments, out int iterations)
    {
        iterations = 0;
        if (command.Name != "setClientPassword") return null;
        List<string> rest = [.. arguments];
        int place = rest.IndexOf("-i", Math.Min(1, rest.Count));
        if (place < 0) return null;
        if (place + 1 == rest.Count) return "Error: -i argument given, but no iterations provided.";
        if (!int.TryParse(rest[place + 1], NumberStyles.None, CultureInfo.InvariantCulture, out iterations) || iterations is < 1 or > PasswordHash.MaximumIterations)
            return $"Error: Number of iterations must be from 1 to {PasswordHash.MaximumIterations}.";
        rest.RemoveRange(place, 2);
        arguments = rest;
        return null;
    }

    // Null when the file has answered.
    private static string? Execute(string path, JsonObject request, int iterations, out ControlReply reply)
    {
        reply = default;
        byte[] payload = Encoding.UTF8.GetBytes(new JsonObject { ["commands"] = new JsonArray(request) }.ToJsonString());
        byte[] answer = [];
        try
        {
            SecretFile.KeepOwner(path, () => answer = DynamicSecurityTool.Execute(path, payload, iterations));
        }
        catch (SecurityFileException exception)
        {
            return exception.Message;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"Error: Unable to use {path}: {Reason(exception)}.";
        }

        ControlReply.TryRead(answer, correlation: null, out reply);
        return null;
    }
}
