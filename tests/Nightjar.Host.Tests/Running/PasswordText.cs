using System.Globalization;
using System.Security.Cryptography;

namespace Nightjar.Host.Tests.Running;

/// <summary>Lines of password files with hashes that cost next to nothing.</summary>
internal static class PasswordText
{
    internal static string Line(string user, string password)
    {
        const int Iterations = 101;
        var salt = RandomNumberGenerator.GetBytes(12);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA512, 64);
        return $"{user}:$7${Iterations.ToString(CultureInfo.InvariantCulture)}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }
}
