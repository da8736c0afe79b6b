using System.Text;
using Microsoft.Extensions.Logging;

namespace Nightjar.Broker.Security.AccessLists;

/// <summary>
/// An access file in Mosquitto's grammar (<c>acl_file</c>), read and checked. Immutable; <see cref="Compile"/> makes an authorizer of it.
/// What is not granted is denied, so an empty file denies everything.
/// </summary>
/// <remarks>
/// Lines: <c>topic [read|write|readwrite|deny] FILTER</c>, <c>user NAME</c>, <c>pattern [...] FILTER</c>, <c># comment</c>, and, beyond
/// Mosquitto, <c>address RANGE</c>. <see cref="AccessListParser"/> says what each means.
/// </remarks>
public sealed class AccessList
{
    private readonly AccessRule[] _rules;

    internal AccessList(AccessRule[] rules, string path, bool strict)
    {
        _rules = rules;
        Path = path;
        IsStrict = strict;
    }

    /// <summary>Name of the file.</summary>
    public string Path { get; }

    /// <summary>Number of <c>topic</c> and <c>pattern</c> lines.</summary>
    public int RuleCount => _rules.Length;

    /// <summary>Whether it was read as Mosquitto does (<c>compat_mode strict</c>): no <c>address</c> lines, and every SUBSCRIBE is granted.</summary>
    public bool IsStrict { get; }

    /// <summary>Who else can read or own the file, for the log (<c>Warning: ...</c>); empty when all is well.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    internal ReadOnlySpan<AccessRule> Rules => _rules;

    /// <summary>Reads an access file.</summary>
    /// <param name="path">Name of the file.</param>
    /// <param name="strict">See <see cref="IsStrict"/>.</param>
    /// <exception cref="SecurityFileException">The file cannot be read, or has errors: all of them, with their lines.</exception>
    /// <remarks>Linear in the size of the file.</remarks>
    public static AccessList Load(string path, bool strict = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var content = SecurityFile.Read(path, "acl_file", out var warnings);
        using var reader = new StreamReader(new MemoryStream(content), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false));
        var list = Parse(LinesOf(reader), path, strict);
        return new AccessList(list._rules, path, strict) { Warnings = warnings };
    }

    /// <summary>Reads an access list from lines.</summary>
    /// <param name="lines">The lines, without their ends.</param>
    /// <param name="path">What to call it in errors.</param>
    /// <param name="strict">See <see cref="IsStrict"/>.</param>
    /// <exception cref="SecurityFileException">There are errors: all of them, with their lines.</exception>
    public static AccessList Parse(IEnumerable<string> lines, string path, bool strict = false)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var parser = new AccessListParser(path, strict);
        foreach (var line in lines) parser.Add(line);
        return parser.Finish();
    }

    /// <summary>Makes the authorizer.</summary>
    /// <param name="log">Where clients with dangerous names are reported; null for nowhere.</param>
    /// <param name="timeProvider">The clock that bounds those reports; null for the system's.</param>
    /// <remarks>Linear in the length of the rules, which the authorizer no longer refers to.</remarks>
    public IAuthorizer Compile(ILogger? log = null, TimeProvider? timeProvider = null) => AccessProgramBuilder.Build(this, log, timeProvider);

    private static IEnumerable<string> LinesOf(StreamReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }
}
