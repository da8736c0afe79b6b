using System.Diagnostics.CodeAnalysis;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>
/// The users of a password file: lines <c>user:hash</c>. A <c>#</c> as first character makes a comment, lines without a colon are skipped, as
/// Mosquitto does. Immutable.
/// </summary>
public sealed class PasswordFile
{
    private readonly Dictionary<string, PasswordEntry> _entries;

    internal PasswordFile(string path, Dictionary<string, PasswordEntry> entries, IReadOnlyList<string> warnings)
    {
        Path = path;
        Warnings = warnings;
        _entries = entries;
        Dummy = CommonestHash(entries.Values).MakeDummy();
    }

    /// <summary>Name of the file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Number of users.</summary>
    public int Count => _entries.Count;

    /// <summary>What is not wrong but should be known, one line each: the file can be read by everybody, or belongs to somebody else.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>What is verified for a user that is not in the file: of the form and cost that most of its users have.</summary>
    internal PasswordHash Dummy { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">A regular file; a symbolic link to one is followed.</param>
    /// <exception cref="SecurityFileException">The file cannot be read, or a line of it is wrong; every wrong line is named.</exception>
    /// <remarks>Takes time and memory in proportion to the file; files above 256 MiB are refused.</remarks>
    public static PasswordFile Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var content = SecurityFile.Read(path, "pwfile", out var warnings);
        return PasswordFileReader.Read(content, path, warnings, Argon2.IsAvailable);
    }

    /// <summary>Reads lines that come from somewhere else.</summary>
    /// <param name="lines">The lines, without their ends.</param>
    /// <param name="path">Name for messages.</param>
    /// <exception cref="SecurityFileException">A line is wrong; every wrong line is named.</exception>
    public static PasswordFile Parse(IEnumerable<string> lines, string path)
    {
        ArgumentNullException.ThrowIfNull(lines);
        return PasswordFileReader.Read(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines)), path, [], Argon2.IsAvailable);
    }

    /// <summary>Whether a user is in the file. User names are compared byte for byte.</summary>
    public bool Contains(string userName) => _entries.ContainsKey(userName);

    internal bool TryGet(string userName, [NotNullWhen(true)] out PasswordEntry? entry) => _entries.TryGetValue(userName, out entry);

    private static PasswordHash CommonestHash(IEnumerable<PasswordEntry> entries)
    {
        var commonest = entries.GroupBy(entry => (entry.Hash.Form, entry.Hash.Iterations, entry.Hash.Argon2Cost)).MaxBy(group => group.Count());
        return commonest?.First().Hash ?? new PasswordHash(PasswordHashForm.Pbkdf2, PasswordHash.DefaultIterations, default, new byte[12], new byte[64]);
    }
}
