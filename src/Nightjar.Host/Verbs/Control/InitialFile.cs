using System.Text;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Processes;

namespace Nightjar.Host.Verbs.Control;

/// <summary><c>dynsec init</c>: the first file of dynamic security, with a user who may do nothing but administer it.</summary>
internal static class InitialFile
{
    /// <summary>Makes the file.</summary>
    /// <param name="arguments">File, user name and perhaps a password.</param>
    /// <param name="console">Asks for the password, and is told what was made.</param>
    /// <returns>The exit code.</returns>
    internal static int Create(IReadOnlyList<string> arguments, ControlConsole console)
    {
        if (arguments.Count is < 2 or > 3)
        {
            console.Errors.WriteLine(arguments.Count < 2 ? "dynsec init: Not enough arguments - filename, or admin-user missing." : "dynsec init: Too many arguments.");
            return ControlExit.InvalidArguments(console.Errors);
        }

        (string path, string userName) = (arguments[0], arguments[1]);
        // Asked before the passwords are: they would be typed for nothing.
        if (File.Exists(path) || Directory.Exists(path)) return Fail(console, $"dynsec init: '{path}' already exists. Remove the file or use a different location.");
        NewPassword password = arguments.Count == 3 ? new NewPassword(arguments[2], null) : NewPassword.Ask(userName, allowsNone: false, console.AskPassword);
        if (password.Problem is null && string.IsNullOrEmpty(password.Text)) password = new NewPassword(null, "Error: Empty password.");
        if (userName.Length == 0) password = new NewPassword(null, "Error: Empty username.");
        if (password.Problem is not null) return Fail(console, password.Problem);
        if (Write(path, userName, password.Text!) is { } problem) return Fail(console, problem);
        console.Text.WriteLine($"""
            The client '{userName}' has been created in the file '{path}'.
            This client is configured to allow you to administer the dynamic security plugin only.
            It does not have access to publish messages to normal topics.
            You should create your application clients to do that, for example:
               nightjar ctrl <connect options> dynsec createClient <username>
               nightjar ctrl <connect options> dynsec createRole <rolename>
               nightjar ctrl <connect options> dynsec addRoleACL <rolename> publishClientSend my/topic allow [priority]
               nightjar ctrl <connect options> dynsec addClientRole <username> <rolename> [priority]
            """);
        return 0;
    }

    // Null when it is written; otherwise why not.
    private static string? Write(string path, string userName, string password)
    {
        try
        {
            DynamicSecurityTool.Init(path, userName, PasswordHash.Make(Encoding.UTF8.GetBytes(password)));
            Privileges.GiveToBroker(path);
            return null;
        }
        catch (ArgumentException exception)
        {
            return $"Error: {exception.Message}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"dynsec init: Unable to open '{path}' for writing ({DynsecFile.Reason(exception)}).";
        }
    }

    private static int Fail(ControlConsole console, string text)
    {
        console.Errors.WriteLine(text);
        return ControlExit.Failure;
    }
}
