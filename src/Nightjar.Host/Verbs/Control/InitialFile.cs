using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Processes;

namespace Nightjar.Host.Verbs.Control;

/// <summary><c>dynsec init</c>: the first file of dynamic security, with a user who may do nothing but administer it.</summary>
internal static class InitialFile
{
    private const string Role = "admin";

    // Group members may read it, as those that mosquitto_ctrl makes.
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private static readonly (string Type, string Topic)[] s_acls =
    [
        ("publishClientSend", "$CONTROL/dynamic-security/#"),
        ("publishClientReceive", "$CONTROL/dynamic-security/#"),
        ("subscribePattern", "$CONTROL/dynamic-security/#"),
        ("publishClientReceive", "$SYS/#"),
        ("subscribePattern", "$SYS/#"),
        ("publishClientReceive", "#"),
        ("subscribePattern", "#"),
        ("unsubscribePattern", "#"),
    ];

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
        if (Write(path, Content(userName, password.Text!)) is { } problem) return Fail(console, $"dynsec init: Unable to open '{path}' for writing ({problem}).");
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

    /// <summary>The content of the file: one line of JSON, in the order of mosquitto_ctrl 2.1.</summary>
    internal static string Content(string userName, string password)
    {
        var acls = new JsonArray();
        foreach ((string type, string topic) in s_acls) acls.Add((JsonNode)new JsonObject { ["acltype"] = type, ["topic"] = topic, ["allow"] = true });
        var client = new JsonObject
        {
            ["username"] = userName,
            ["textName"] = "Dynsec admin user",
            ["encoded_password"] = PasswordHash.Make(Encoding.UTF8.GetBytes(password)).ToString(),
            ["roles"] = new JsonArray(new JsonObject { ["rolename"] = Role }),
        };
        var file = new JsonObject
        {
            ["clients"] = new JsonArray(client),
            ["roles"] = new JsonArray(new JsonObject { ["rolename"] = Role, ["acls"] = acls }),
            ["defaultACLAccess"] = new JsonObject
            {
                ["publishClientSend"] = false,
                ["publishClientReceive"] = true,
                ["subscribe"] = false,
                ["unsubscribe"] = true,
            },
        };
        return file.ToJsonString(s_plain);
    }

    // Null when it is written; otherwise why not.
    private static string? Write(string path, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Mode;
        try
        {
            using (var stream = new FileStream(path, options))
            {
                stream.Write(Encoding.UTF8.GetBytes(content));
                stream.Flush(flushToDisk: true);
            }

            Privileges.GiveToBroker(path);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return DynsecFile.Reason(exception);
        }
    }

    private static int Fail(ControlConsole console, string text)
    {
        console.Errors.WriteLine(text);
        return ControlExit.Failure;
    }
}
