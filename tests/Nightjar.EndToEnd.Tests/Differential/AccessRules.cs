using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Random rules of one listener, or of all: who may connect and who may do what, in files that both brokers read.</summary>
internal sealed class AccessRules
{
    /// <summary>May everything, for watching and for publishing what others should or should not get.</summary>
    public const string Admin = "admin";

    /// <summary>Every password in the files is this.</summary>
    public const string Password = "correct horse";

    private const int Iterations = 101;

    private static readonly string[] s_users = ["ann", "bob", "o dd", "wärme", "日本", "a/b", "a+b", "#", "+", "/", "%u", "%c", new('x', 2000)];
    private static readonly string[] s_access = ["", "read ", "write ", "readwrite ", "deny "];
    private static readonly string[] s_topics =
        ["a", "a/b", "a/+", "a/#", "#", "+", "+/b", "b/#", "b/c/d", "+/+/d", "$SYS/#", "$SYS/broker/version", "sp ace/x", "ü/#", "/a", "a//b", "u/ann", "/", "//", "日本/+", "%u", "w/#"];

    private static readonly string[] s_patterns = ["u/%u", "u/%u/#", "c/%c", "c/%c/+", "a/%u/b", "+/%c", "%u", "%c/%u", "w/%u", "u/pre%u"];

    private readonly string _folder;
    private readonly string _suffix;

    /// <summary>Makes the files.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="suffix">What their names end in.</param>
    /// <param name="random">Decides everything.</param>
    public AccessRules(string folder, string suffix, Random random)
    {
        _folder = folder;
        _suffix = suffix;
        HasPasswords = random.Next(4) != 0;
        AllowAnonymous = random.Next(2) == 0 ? null : random.Next(3) != 0;
        HasAccessList = random.Next(5) != 0;
        AllowEmptyClientId = random.Next(3) switch { 0 => null, 1 => false, _ => true };
        if (HasPasswords) Write("passwords", PasswordLines(random));
        if (HasAccessList) Write("acl", AccessLines(random));
    }

    /// <summary>User names that password files may have, but for the administrator.</summary>
    public static IReadOnlyList<string> Users => s_users;

    public bool HasPasswords { get; }

    /// <summary>Null: the configuration says nothing.</summary>
    public bool? AllowAnonymous { get; }

    public bool HasAccessList { get; }

    public bool? AllowEmptyClientId { get; }

    /// <summary>Whether anybody at all can be let in.</summary>
    public bool LetsAnybodyIn => HasPasswords || AllowAnonymous == true;

    public bool HasPatterns => HasAccessList && Describe().Contains("pattern ", StringComparison.Ordinal);

    /// <summary>The lines of the configuration.</summary>
    public string Configuration
    {
        get
        {
            var text = new StringBuilder();
            if (AllowAnonymous is { } allowed) text.Append(CultureInfo.InvariantCulture, $"allow_anonymous {(allowed ? "true" : "false")}\n");
            if (AllowEmptyClientId is { } empty) text.Append(CultureInfo.InvariantCulture, $"allow_zero_length_clientid {(empty ? "true" : "false")}\n");
            if (HasPasswords) text.Append(CultureInfo.InvariantCulture, $"password_file {PathOf("passwords")}\n");
            if (HasAccessList) text.Append(CultureInfo.InvariantCulture, $"acl_file {PathOf("acl")}\n");
            return text.ToString();
        }
    }

    /// <summary>The access list, for the message of a test that fails.</summary>
    public string Describe() => HasAccessList ? File.ReadAllText(PathOf("acl")) : "no access list";

    private static IEnumerable<string> PasswordLines(Random random) => s_users.Where(_ => random.Next(5) != 0).Append(Admin).Select(user =>
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
            var topic = s_topics[random.Next(s_topics.Length)];
            // A topic with a blank needs the keyword.
            var access = s_access[random.Next(topic.Contains(' ', StringComparison.Ordinal) ? 1 : 0, s_access.Length)];
            lines.Add($"topic {access}{topic}");
        }
    }

    private string PathOf(string name) => Path.Combine(_folder, name + _suffix);

    private void Write(string name, IEnumerable<string> lines)
    {
        File.WriteAllText(PathOf(name), string.Join('\n', lines) + "\n");
        AccessSetup.MakeReadable(PathOf(name), "644");
    }
}
