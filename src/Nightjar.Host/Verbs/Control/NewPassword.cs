namespace Nightjar.Host.Verbs.Control;

/// <summary>What the user answered when asked for somebody's new password.</summary>
/// <param name="Text">The password; null for none.</param>
/// <param name="Problem">Why there is no answer to go on with; null when all is well.</param>
internal readonly record struct NewPassword(string? Text, string? Problem)
{
    private const string Empty = "Error: Empty password.";
    private const string Different = "Error: Passwords do not match.";

    /// <summary>Whether a problem is one of these answers and not one of the command's arguments.</summary>
    internal static bool IsProblem(string problem) => problem is Empty or Different;

    /// <summary>Asks twice.</summary>
    /// <param name="userName">Whose password.</param>
    /// <param name="allowsNone">Whether an empty answer means no password.</param>
    /// <param name="ask">Writes a prompt and returns the answer; null at the end of the input.</param>
    internal static NewPassword Ask(string userName, bool allowsNone, Func<string, string?> ask)
    {
        string? first = ask($"New password for {userName}: ");
        if (string.IsNullOrEmpty(first)) return allowsNone ? default : new NewPassword(null, Empty);
        return ask($"Reenter password for {userName}: ") == first ? new NewPassword(first, null) : new NewPassword(null, Different);
    }

    /// <summary>Asks twice, as the shell does.</summary>
    /// <param name="allowsNone">Whether an empty answer means no password.</param>
    /// <param name="ask">Writes a prompt and returns the answer; null when there is none.</param>
    internal static NewPassword Ask(bool allowsNone, Func<string, string?> ask)
    {
        if (ask("password:") is not { } first || (first.Length == 0 && !allowsNone)) return new NewPassword(null, "No password.");
        if (first.Length == 0) return default;
        return ask("password:") == first ? new NewPassword(first, null) : new NewPassword(null, "Passwords do not match.");
    }
}
