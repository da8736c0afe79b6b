using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Verbs.Passwords;

namespace Nightjar.Host.Verbs.Control;

/// <summary>
/// <c>-f FILE dynsec setClientPassword</c>: a new password in a file that no broker has open, for an administrator who has lost his. Everything else
/// in the file stays, also what this program does not know.
/// </summary>
internal static class DynsecFile
{
    // As the broker writes it.
    private static readonly JsonSerializerOptions s_tabs = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        IndentCharacter = '\t',
        IndentSize = 1,
        NewLine = "\n",
    };

    /// <summary>Sets a password.</summary>
    /// <param name="path">The file.</param>
    /// <param name="arguments">User name, perhaps a password, perhaps <c>-i</c> with a number of iterations.</param>
    /// <param name="console">Asks for the password, and is told what is wrong.</param>
    /// <returns>The exit code.</returns>
    internal static int SetPassword(string path, IReadOnlyList<string> arguments, ControlConsole console)
    {
        if (Parse(arguments, out string? userName, out string? password, out int iterations) is { } problem)
        {
            console.Errors.WriteLine(problem);
            return ControlExit.InvalidArguments(console.Errors);
        }

        string? text = Read(path, out JsonObject? file, out JsonObject? client, userName!);
        if (text is null)
        {
            NewPassword answer = password is null ? NewPassword.Ask(userName!, allowsNone: false, console.AskPassword) : new NewPassword(password, null);
            text = answer.Problem ?? (answer.Text!.Length == 0 ? "Error: Empty password." : Set(path, file!, client!, answer.Text, iterations));
        }

        if (text is null) return 0;
        console.Errors.WriteLine(text);
        return ControlExit.Failure;
    }

    /// <summary>Why a file could not be used, in the words of the C library.</summary>
    internal static string Reason(Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        _ => exception.Message.TrimEnd('.'),
    };

    private static string? Parse(IReadOnlyList<string> arguments, out string? userName, out string? password, out int iterations)
    {
        userName = password = null;
        iterations = 0;
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "-i" && userName is not null)
            {
                if (++i == arguments.Count) return "Error: -i argument given, but no iterations provided.";
                if (!int.TryParse(arguments[i], NumberStyles.None, CultureInfo.InvariantCulture, out iterations) || iterations is < 1 or > PasswordHash.MaximumIterations)
                    return $"Error: Number of iterations must be from 1 to {PasswordHash.MaximumIterations}.";
            }
            else if (userName is null)
            {
                userName = arguments[i];
            }
            else if (password is null)
            {
                password = arguments[i];
            }
            else
            {
                return $"Error: Unknown argument: {arguments[i]}";
            }
        }

        return userName is null ? "Usage: setClientPassword <username> [<password>] [-i <iterations>]" : null;
    }

    // Null when all is well.
    private static string? Read(string path, out JsonObject? file, out JsonObject? client, string userName)
    {
        file = client = null;
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"Error: Unable to open {path}: {Reason(exception)}.";
        }

        if (content.Length == 0) return $"Error: {path} is empty.";
        try
        {
            file = JsonNode.Parse(content) as JsonObject;
            if (file?["clients"] is not JsonArray clients) return $"Error: {path} is not a valid dynamic-security config file: it has no list of clients.";
            client = clients.OfType<JsonObject>().FirstOrDefault(candidate => candidate["username"] is JsonValue name && name.TryGetValue(out string? text) && text == userName);
            return client is null ? $"Error: Client {userName} not found." : null;
        }
        catch (JsonException exception)
        {
            return $"Error: {path} is not valid JSON: line {exception.LineNumber + 1}.";
        }
        catch (ArgumentException)
        {
            // Two members of one name: found when the object is first looked into.
            return $"Error: {path} is not a valid dynamic-security config file: an object has two members of one name.";
        }
    }

    // Null when it is written.
    private static string? Set(string path, JsonObject file, JsonObject client, string password, int iterations)
    {
        PasswordHash hash = PasswordHash.Make(Encoding.UTF8.GetBytes(password), PasswordHashForm.Pbkdf2, iterations);
        if (IsOfVersion20(file, client))
        {
            // $7$iterations$salt$hash
            string[] parts = hash.ToString().Split('$');
            client["iterations"] = int.Parse(parts[2], CultureInfo.InvariantCulture);
            client["salt"] = parts[3];
            client["password"] = parts[4];
        }
        else
        {
            foreach (string old in (string[])["password", "salt", "iterations"]) client.Remove(old);
            client["encoded_password"] = hash.ToString();
        }

        try
        {
            SecretFile.Write(path, Encoding.UTF8.GetBytes(file.ToJsonString(s_tabs)));
            return null;
        }
        catch (SecretFileException exception)
        {
            return exception.Message;
        }
    }

    // Mosquitto 2.0 reads only what it wrote; 2.1 and Nightjar read both.
    private static bool IsOfVersion20(JsonObject file, JsonObject client)
    {
        if (client.ContainsKey("encoded_password")) return false;
        if (client.ContainsKey("salt")) return true;
        JsonObject[] clients = [.. ((JsonArray)file["clients"]!).OfType<JsonObject>()];
        return clients.Any(other => other.ContainsKey("salt")) && !clients.Any(other => other.ContainsKey("encoded_password"));
    }
}
