using System.Globalization;
using System.Text;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Host.Verbs.Passwords;

/// <summary>The command line of <c>nightjar passwd</c>. Options stand before the file, as mosquitto_passwd wants them.</summary>
internal sealed class PasswdArguments
{
    private const int MaximumBytes = 65_535;

    internal PasswordHashForm Form { get; private set; } = PasswordHashForm.Pbkdf2;

    /// <summary>-I; 0 when it is not given.</summary>
    internal int Iterations { get; private set; }

    internal bool IsBatch { get; private set; }

    internal bool Creates { get; private set; }

    internal bool Deletes { get; private set; }

    internal bool UpdatesFile { get; private set; }

    internal string File { get; private set; } = "";

    internal string UserName { get; private set; } = "";

    /// <summary>Given with -b; null when it is to be asked for.</summary>
    internal string? Password { get; private set; }

    /// <summary>Whether the result goes to the standard output: -c with the file name <c>-</c>.</summary>
    internal bool WritesToOutput => Creates && File == "-";

    /// <summary>Reads a command line.</summary>
    /// <param name="args">What stands behind the verb.</param>
    /// <param name="error">mosquitto_passwd's message; null when the usage is to be shown instead.</param>
    /// <returns>Null when something is wrong.</returns>
    internal static PasswdArguments? Parse(string[] args, out string? error)
    {
        var result = new PasswdArguments();
        var next = 0;
        error = null;
        while (next < args.Length && result.TryOption(args, ref next, out error))
        {
        }

        if (error is not null) return null;
        error = result.Conflict() ?? result.Assign(args[next..]);
        // An empty message stands for the usage.
        if (error is { Length: 0 }) error = null;
        else if (error is null) error = result.WrongName();
        else return null;
        return error is null && result.File.Length > 0 ? result : null;
    }

    private bool TryOption(string[] args, ref int next, out string? error)
    {
        error = null;
        switch (args[next])
        {
            case "-b":
                IsBatch = true;
                break;
            case "-c":
                Creates = true;
                break;
            case "-D":
                Deletes = true;
                break;
            case "-U":
                UpdatesFile = true;
                break;
            case "-H" or "-I" when next + 1 == args.Length:
                error = $"Error: {args[next]} argument given but not enough other arguments.";
                return false;
            case "-H":
                error = SetForm(args[++next]);
                break;
            case "-I":
                error = SetIterations(args[++next]);
                break;
            default:
                return false;
        }

        next++;
        return error is null;
    }

    private string? SetForm(string name)
    {
        switch (name)
        {
            case "sha512":
                Form = PasswordHashForm.Sha512;
                return null;
            case "sha512-pbkdf2":
                Form = PasswordHashForm.Pbkdf2;
                return null;
            case "argon2id":
                Form = PasswordHashForm.Argon2id;
                return null;
            default:
                return $"Error: Unknown hash type '{name}'";
        }
    }

    private string? SetIterations(string text)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1) return "Error: Number of iterations must be > 0.";
        Iterations = count;
        return null;
    }

    private string? Conflict()
    {
        if (Creates && Deletes) return "Error: -c and -D cannot be used together.";
        if (Creates && UpdatesFile) return "Error: -c and -U cannot be used together.";
        if (Deletes && UpdatesFile) return "Error: -D and -U cannot be used together.";
        if (Deletes && IsBatch) return "Error: -b and -D cannot be used together.";
        var maximum = Form == PasswordHashForm.Argon2id ? 64 : PasswordHash.MaximumIterations;
        return Iterations > maximum ? $"Error: Number of iterations must be <= {maximum}." : null;
    }

    // Empty: the usage is shown.
    private string? Assign(string[] rest)
    {
        var wanted = UpdatesFile ? 1 : IsBatch ? 3 : 2;
        // An option that is not known.
        if (rest.Length > 0 && rest[0].Length > 1 && rest[0][0] == '-') return "";
        if (rest.Length != wanted) return rest.Length < wanted ? Missing() : "";
        File = rest[0];
        if (File.Length == 0) return Missing();
        if (wanted > 1) UserName = rest[1];
        if (wanted > 2) Password = rest[2];
        return null;
    }

    private string Missing() =>
        Creates ? IsBatch ? "Error: -c argument given but password file, username, or password missing." : "Error: -c argument given but password file or username missing."
        : Deletes ? "Error: -D argument given but password file or username missing."
        : UpdatesFile ? "Error: -U argument given but password file missing."
        : "";

    private string? WrongName()
    {
        if (UpdatesFile) return null;
        if (UserName.Length == 0) return "Error: Username must not be empty.";
        if (Encoding.UTF8.GetByteCount(UserName) > MaximumBytes) return "Error: Username must be less than 65536 characters long.";
        if (UserName.Any(char.IsControl)) return "Error: Username must not contain control characters.";
        if (UserName.Contains(':', StringComparison.Ordinal)) return "Error: Username must not contain the ':' character.";
        if (UserName[0] == '#') return "Error: Username must not begin with '#': its line would be a comment.";
        if (UserName.Trim(' ').Length != UserName.Length) return "Error: Username must not begin or end with a blank: the broker takes it away.";
        if (Password is null) return null;
        if (Password.Length == 0) return "Error: Empty password.";
        return Encoding.UTF8.GetByteCount(Password) > MaximumBytes ? "Error: Password must be less than 65536 characters long." : null;
    }
}
