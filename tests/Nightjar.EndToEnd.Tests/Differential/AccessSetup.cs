using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>One random configuration of who may connect and who may do what, in files that both brokers read.</summary>
internal sealed class AccessSetup : IDisposable
{
    /// <summary>May everything, for watching and for publishing what others should or should not get.</summary>
    public const string Admin = "admin";

    /// <summary>Every password in the file is this.</summary>
    public const string Password = "correct horse";

    private const int Iterations = 101;

    private static readonly string[] s_users = ["ann", "bob", "o dd", "wärme", "a/b", "a+b", "#", "%u", "%c"];
    private static readonly string[] s_access = ["", "read ", "write ", "readwrite ", "deny "];
    private static readonly string[] s_aclTopics =
        ["a", "a/b", "a/+", "a/#", "#", "+", "+/b", "b/#", "b/c/d", "+/+/d", "$SYS/#", "$SYS/broker/version", "sp ace/x", "ü/#", "/a", "a//b", "u/ann"];

    private static readonly string[] s_patterns = ["u/%u", "u/%u/#", "c/%c", "c/%c/+", "a/%u/b", "+/%c", "%u", "%c/%u"];

    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-differential-").FullName;

    /// <summary>Makes the files.</summary>
    /// <param name="random">Decides everything.</param>
    public AccessSetup(Random random)
    {
        MakeReadable(_folder, "755");
        HasPasswords = random.Next(4) != 0;
        AllowAnonymous = random.Next(2) == 0 ? null : random.Next(3) != 0;
        HasAccessList = random.Next(5) != 0;
        if (HasPasswords) Write("passwords", PasswordLines());
        if (HasAccessList) Write("acl", AccessLines(random));
    }

    /// <summary>User names that the password file has, but for the administrator.</summary>
    public static IReadOnlyList<string> Users => s_users;

    public bool HasPasswords { get; }

    /// <summary>Null: the configuration says nothing.</summary>
    public bool? AllowAnonymous { get; }

    public bool HasAccessList { get; }

    /// <summary>Whether anybody at all can be let in, so that there is somebody to watch.</summary>
    public bool LetsAnybodyIn => HasPasswords || AllowAnonymous == true;

    /// <summary>The configuration after the listener's line.</summary>
    public string Configuration
    {
        get
        {
            var text = new StringBuilder();
            if (AllowAnonymous is { } allowed) text.Append(CultureInfo.InvariantCulture, $"allow_anonymous {(allowed ? "true" : "false")}\n");
            if (HasPasswords) text.Append(CultureInfo.InvariantCulture, $"password_file {_folder}/passwords\n");
            if (HasAccessList) text.Append(CultureInfo.InvariantCulture, $"acl_file {_folder}/acl\n");
            return text.ToString();
        }
    }

    /// <summary>The files, for the message of a test that fails.</summary>
    public string Describe() =>
        $"{Configuration}\n{(HasAccessList ? File.ReadAllText(Path.Combine(_folder, "acl")) : "no access list")}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<string> PasswordLines() => s_users.Append(Admin).Select(user =>
    {
        var salt = RandomNumberGenerator.GetBytes(12);
        var hash = Rfc2898DeriveBytes.Pbkdf2(Password, salt, Iterations, HashAlgorithmName.SHA512, 64);
        return $"{user}:$7${Iterations.ToString(CultureInfo.InvariantCulture)}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    });

    private static List<string> AccessLines(Random random)
    {
        var lines = new List<string>();
        AddTopics(random, lines);
        foreach (var user in s_users.Where(_ => random.Next(3) != 0))
        {
            lines.Add($"user {user}");
            AddTopics(random, lines);
        }

        // A second part of one user goes on where the first ended.
        lines.Add("user ann");
        AddTopics(random, lines);
        lines.Add($"user {Admin}");
        lines.Add("topic readwrite #");
        lines.Add("topic readwrite $SYS/#");
        for (var i = random.Next(4); i > 0; i--)
            lines.Insert(random.Next(lines.Count + 1), $"pattern {s_access[random.Next(s_access.Length)]}{s_patterns[random.Next(s_patterns.Length)]}");
        for (var i = random.Next(3); i > 0; i--) lines.Insert(random.Next(lines.Count + 1), random.Next(2) == 0 ? "" : "# topic readwrite #");
        return lines;
    }

    private static void AddTopics(Random random, List<string> lines)
    {
        for (var i = random.Next(4); i > 0; i--)
        {
            var topic = s_aclTopics[random.Next(s_aclTopics.Length)];
            // A topic with a blank needs the keyword.
            var access = s_access[random.Next(topic.Contains(' ', StringComparison.Ordinal) ? 1 : 0, s_access.Length)];
            lines.Add($"topic {access}{topic}");
        }
    }

    private void Write(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
        MakeReadable(path, "644");
    }

    // Both brokers read the files as another user when they are started as root.
    private static void MakeReadable(string path, string mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
    }
}
