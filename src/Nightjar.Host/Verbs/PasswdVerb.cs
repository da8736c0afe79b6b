using System.Security.Cryptography;
using System.Text;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Verbs.Passwords;

namespace Nightjar.Host.Verbs;

/// <summary><c>nightjar passwd</c>: makes and edits password files, with mosquitto_passwd's options, messages and exit codes.</summary>
internal static class PasswdVerb
{
    internal const string Usage = """
        nightjar passwd is a tool for managing password files for nightjar and mosquitto.

        Usage: nightjar passwd [-H sha512-pbkdf2 | -H argon2id | -H sha512] [-I iterations] [-c | -D] passwordfile username
               nightjar passwd [-H sha512-pbkdf2 | -H argon2id | -H sha512] [-I iterations] [-c] -b passwordfile username password
               nightjar passwd -U passwordfile
         -b : run in batch mode to allow passing passwords on the command line.
         -c : create a new password file. This will overwrite existing files. The file name - is the standard output.
         -D : delete the username rather than adding/updating its password.
         -H : specify the hashing algorithm. Defaults to sha512-pbkdf2, which every version of mosquitto reads.
              argon2id needs libargon2, sha512 is for mosquitto 1.6 and earlier.
         -I : number of iterations: of sha512-pbkdf2 (210000), or passes of argon2id (1).
         -U : update a plain text password file to use hashed passwords. What is hashed already stays.

        """;

    private const int UsageError = 1;
    private const int HashFailure = 10;

    /// <summary>Runs the verb.</summary>
    /// <param name="args">What stands behind the verb.</param>
    /// <param name="ask">Writes a prompt and returns the answer; null at the end of the input.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <returns>0; 1 for usage, file and format errors and for a user that is not there; 2 when the passwords do not match; 10 when hashing is not possible.</returns>
    internal static int Run(string[] args, Func<string, TextWriter, string?> ask, TextWriter output, TextWriter error)
    {
        var arguments = PasswdArguments.Parse(args, out var message);
        if (arguments is null)
        {
            if (message is null) output.WriteLine(Usage);
            else error.WriteLine(message);
            return UsageError;
        }

        try
        {
            if (arguments.UpdatesFile) return UpdateFile(arguments, error);
            return arguments.Deletes ? Delete(arguments, error) : Set(arguments, ask, output, error);
        }
        catch (SecretFileException exception)
        {
            error.WriteLine(exception.Message);
            return UsageError;
        }
        catch (CryptographicException exception)
        {
            error.WriteLine($"Error: Unable to hash password. {exception.Message}");
            return HashFailure;
        }
    }

    private static int UpdateFile(PasswdArguments arguments, TextWriter error)
    {
        var lines = new PasswordLines(SecretFile.Read(arguments.File));
        var corrupt = lines.HashPlainText(password => PasswordHash.Make(password, arguments.Form, arguments.Iterations));
        if (corrupt > 0) return Corrupt(corrupt, error);
        SecretFile.Write(arguments.File, lines.ToBytes());
        return 0;
    }

    private static int Delete(PasswdArguments arguments, TextWriter error)
    {
        var lines = new PasswordLines(SecretFile.Read(arguments.File));
        var corrupt = lines.FindCorrupt(arguments.UserName);
        if (corrupt > 0) return Corrupt(corrupt, error);
        if (!lines.Remove(arguments.UserName))
        {
            error.WriteLine($"Warning: User {arguments.UserName} not found in password file.");
            return UsageError;
        }

        SecretFile.Write(arguments.File, lines.ToBytes());
        return 0;
    }

    private static int Set(PasswdArguments arguments, Func<string, TextWriter, string?> ask, TextWriter output, TextWriter error)
    {
        var lines = new PasswordLines(arguments.Creates ? [] : SecretFile.Read(arguments.File));
        var corrupt = lines.FindCorrupt(arguments.UserName);
        if (corrupt > 0) return Corrupt(corrupt, error);
        // The standard output belongs to the file when that is what it is.
        var talk = arguments.WritesToOutput ? error : output;
        var failure = 0;
        if ((arguments.Password ?? Ask(ask, talk, error, out failure)) is not { } password) return failure;
        talk.WriteLine($"{(lines.Contains(arguments.UserName) ? "Updating" : "Adding")} password for user {arguments.UserName}");
        talk.Flush();
        lines.Set(arguments.UserName, PasswordHash.Make(Encoding.UTF8.GetBytes(password), arguments.Form, arguments.Iterations));
        if (arguments.WritesToOutput) output.Write(Encoding.UTF8.GetString(lines.ToBytes()));
        else SecretFile.Write(arguments.File, lines.ToBytes());
        return 0;
    }

    private static string? Ask(Func<string, TextWriter, string?> ask, TextWriter talk, TextWriter error, out int failure)
    {
        failure = UsageError;
        if (ask("Password: ", talk) is not { Length: > 0 } password || ask("Reenter password: ", talk) is not { Length: > 0 } again)
        {
            error.WriteLine("Error: Empty password.");
            return null;
        }

        if (Encoding.UTF8.GetByteCount(password) > 65_535)
        {
            error.WriteLine("Error: Password must be less than 65536 characters long.");
            return null;
        }

        if (string.Equals(password, again, StringComparison.Ordinal)) return password;
        error.WriteLine("Error: Passwords do not match.");
        failure = 2;
        return null;
    }

    private static int Corrupt(int line, TextWriter error)
    {
        error.WriteLine($"Error: Corrupt password file at line {line}.");
        return UsageError;
    }
}
