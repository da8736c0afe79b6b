using System.Text;

namespace Nightjar.Host.Verbs.Passwords;

/// <summary>Asks for a password at the terminal without showing it, or reads a line where the input is not a terminal.</summary>
internal static class PasswordPrompt
{
    /// <summary>Writes a prompt and reads the answer.</summary>
    /// <returns>Null at the end of the input.</returns>
    internal static string? Ask(string prompt, TextWriter to)
    {
        to.Write(prompt);
        to.Flush();
        var answer = Console.IsInputRedirected ? Console.In.ReadLine() : ReadHidden();
        // The end of the line was not shown, or came from elsewhere.
        if (answer is not null) to.WriteLine();
        return answer;
    }

    private static string ReadHidden()
    {
        var text = new StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter) return text.ToString();
            if (key.Key != ConsoleKey.Backspace) text.Append(key.KeyChar == '\0' ? "" : key.KeyChar);
            else if (text.Length > 0) text.Length--;
        }
    }
}
