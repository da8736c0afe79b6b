namespace Nightjar.Broker.Tests.Security.Passwords;

/// <summary>The password file that Mosquitto's own tools wrote.</summary>
internal static class PasswordSamples
{
    /// <summary>Its lines.</summary>
    public static string[] Lines()
    {
        using var reader = new StreamReader(typeof(PasswordSamples).Assembly.GetManifestResourceStream("passwords.sample")!);
        return reader.ReadToEnd().Split('\n');
    }

    /// <summary>A line of a user with a cheap hash, for tests that are not about hashing.</summary>
    public static string Line(string userName, string password, int iterations = 10) =>
        $"{userName}:{Broker.Security.Passwords.PasswordHash.Make(System.Text.Encoding.UTF8.GetBytes(password), Broker.Security.Passwords.PasswordHashForm.Pbkdf2, iterations)}";
}
