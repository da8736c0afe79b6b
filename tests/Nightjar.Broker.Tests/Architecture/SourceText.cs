using System.Text.RegularExpressions;
using Nightjar.Testing;

namespace Nightjar.Broker.Tests.Architecture;

/// <summary>One C# source file as the rules see it: its code without comments and literals, line by line.</summary>
internal sealed partial class SourceText
{
    private SourceText(string path)
    {
        Path = RepositoryTree.Relative(path);
        Original = File.ReadAllText(path);
        Code = NotCode().Replace(Original, KeepLineBreaks);
        Namespace = NamespaceLine().Match(Code).Groups[1].Value;
        DeclaredTypes = [.. TypeDeclaration().Matches(Code).Select(m => m.Groups[1].Value)];
    }

    /// <summary>Path from the root of the repository, with forward slashes.</summary>
    public string Path { get; }

    /// <summary>The file as it is.</summary>
    public string Original { get; }

    /// <summary>The file with comments, strings and characters removed; line numbers are kept.</summary>
    public string Code { get; }

    /// <summary>The file-scoped namespace; empty when the file declares none.</summary>
    public string Namespace { get; }

    /// <summary>Names of the types declared here, nested ones included.</summary>
    public IReadOnlyList<string> DeclaredTypes { get; }

    /// <summary>Every source file below a folder of the repository.</summary>
    public static IReadOnlyList<SourceText> Below(string folder) =>
        [.. RepositoryTree.Files(folder, "*.cs").Select(path => new SourceText(path))];

    /// <summary>Where a match in <see cref="Code"/> or <see cref="Original"/> stands, as <c>path:line</c>.</summary>
    public string At(int index) => $"{Path}:{LineOf(index)}";

    private int LineOf(int index) => Code.AsSpan(0, Math.Min(index, Code.Length)).Count('\n') + 1;

    private static string KeepLineBreaks(Match match) => new('\n', match.Value.Count(c => c == '\n'));

    // Raw strings, verbatim strings, strings, characters, block comments, line comments: the first to start wins.
    [GeneratedRegex("""
        ("{3,})[\s\S]*?\1 | (?:\$@|@\$|@)"(?:""|[^"])*" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])+' | /\*[\s\S]*?\*/ | //[^\n]*
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex NotCode();

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)\s*[;{]", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?|delegate\s+[\w<>\[\],.? ]+?)\s+([A-Z]\w*)\s*(?=[<({:;\s])")]
    private static partial Regex TypeDeclaration();
}
