using System.Text.RegularExpressions;
using Nightjar.Testing;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>The chapters of <c>config/README.md</c> that have something to run.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Blocks">Its fenced blocks, in order.</param>
internal sealed partial record ConfigPage(string Title, IReadOnlyList<ConfigPage.Block> Blocks)
{
    /// <summary>A fenced block.</summary>
    /// <param name="Kind"><c>conf</c>: a file; <c>console</c>: commands behind <c>$ </c>, each with what it prints; <c>log</c>: lines of the broker's log.</param>
    /// <param name="Name">Name of the file.</param>
    /// <param name="Text">What is between the fences.</param>
    internal sealed record Block(string Kind, string Name, string Text);

    /// <summary>Reads the page.</summary>
    public static IReadOnlyList<ConfigPage> Read()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryTree.Root, "config/README.md")).ReplaceLineEndings("\n");
        return [.. page.Split("\n## ").Skip(1).Select(ReadChapter).Where(chapter => chapter.Blocks.Count > 0)];
    }

    private static ConfigPage ReadChapter(string text) => new(
        text[..text.IndexOf('\n', StringComparison.Ordinal)],
        [.. Fence().Matches(text).Select(match => new Block(match.Groups[1].Value, match.Groups[2].Value.Trim(), match.Groups[3].Value))]);

    [GeneratedRegex(@"^```(\S*)([^\n]*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
