using System.Text.RegularExpressions;
using Xunit;

namespace Nightjar.Broker.Tests.Architecture;

/// <summary>Words and calls that must not stand in the product's source.</summary>
public sealed partial class SourceHabitTests
{
    private static readonly string[] Engine = ["src/Nightjar.Protocol/", "src/Nightjar.Transport/", "src/Nightjar.Transport.OpenSsl/", "src/Nightjar.Broker/"];

    private static readonly IReadOnlyList<SourceText> Sources = SourceText.Below("src");

    [Fact]
    public void Source_OfTheProduct_LeavesNothingUndone() =>
        Rule.HasNoBreach(Sources.SelectMany(s => Undone().Matches(s.Original).Select(m => $"{s.Path}: {m.Value}")));

    [Fact]
    public void Source_OfTheProduct_DoesNotSleep() =>
        Rule.HasNoBreach(Sources.SelectMany(s => Sleep().Matches(s.Code).Select(m => s.At(m.Index))));

    [Fact]
    public void Source_OfTheEngine_DoesNotBlockOnTasks() =>
        Rule.HasNoBreach(Sources.Where(s => Engine.Any(s.Path.StartsWith)).SelectMany(BlockingCalls));

    // The broker's folders are its dependency rule, so their namespaces are exact; elsewhere a folder may be a mere shelf.
    [Fact]
    public void Source_OfTheProduct_HasNamespacesLikeFolders() =>
        Rule.HasNoBreach(Sources
            .Where(s => s.Namespace.Length > 0 && s.Namespace != NamespaceOf(s.Path) &&
                (s.Path.StartsWith("src/Nightjar.Broker/", StringComparison.Ordinal) ||
                    !NamespaceOf(s.Path).StartsWith(s.Namespace, StringComparison.Ordinal)))
            .Select(s => $"{s.Path}: {s.Namespace}"));

    [Theory]
    [InlineData("int x = task.Result;", true)]
    [InlineData("task.Wait();", true)]
    [InlineData("task.GetAwaiter().GetResult();", true)]
    [InlineData("if (pending.IsCompletedSuccessfully) return pending.Result;", false)]
    [InlineData("int x = _source.GetResult(token); MatchResult r; r.Results(1);", false)]
    public void BlockingCalls_OnALine_AreFound(string line, bool found) =>
        Assert.Equal(found, Blocking().IsMatch(line) && !line.Contains("IsCompleted", StringComparison.Ordinal));

    // A call on a task that is known to be complete does not block; the check must stand on the same line or one of the two before it.
    private static IEnumerable<string> BlockingCalls(SourceText source)
    {
        string[] lines = source.Code.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            bool complete = lines[Math.Max(0, i - 2)..(i + 1)].Any(line => line.Contains("IsCompleted", StringComparison.Ordinal));
            if (Blocking().IsMatch(lines[i]) && !complete) yield return $"{source.Path}:{i + 1}: {lines[i].Trim()}";
        }
    }

    private static string NamespaceOf(string path)
    {
        string[] parts = path.Split('/');
        return string.Join('.', parts[1..^1]);
    }

    [GeneratedRegex(@"\b(?:TODO|FIXME|XXX|HACK|NotImplementedException)\b")]
    private static partial Regex Undone();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\b")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\.Result\b|\.Wait\(|\.WaitAll\(|\.GetAwaiter\(\)\s*\.GetResult\(\)")]
    private static partial Regex Blocking();
}
