using System.Text.RegularExpressions;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Architecture;

/// <summary>Inside the engine folders are namespaces, and each may use only those to its left.</summary>
public sealed partial class FolderDependencyTests
{
    // The order of the plan, left to right. A folder may use every folder of an earlier group; inside a group the uses must not form a
    // circle. Collections holds the data structures that several look-ups share. Persistence stands to the left of Sessions: it declares
    // the seams (stores, tickets) and their in-memory defaults, and Sessions and Routing write to them. Files beside the folders are the
    // composition root (MqttBroker): they may use all, and nothing uses them.
    private static readonly string[][] Groups =
    [
        ["Collections"],
        ["Configuration", "Messages", "Diagnostics", "Limits", "Persistence"],
        ["Subscriptions", "Retained", "Security"],
        ["Sessions"],
        ["Routing"],
        ["Connections"],
        ["Bridges", "Control", "Metrics"],
    ];

    private static readonly IReadOnlyList<SourceText> Sources = SourceText.Below("src/Nightjar.Broker");

    [Fact]
    public void Folders_OfTheBroker_AreThoseOfThePlan() =>
        Rule.HasNoBreach(Sources.Select(FolderOf).Where(folder => folder.Length > 0 && GroupOf(folder) < 0).Distinct());

    [Fact]
    public void Folder_OfTheBroker_UsesOnlyFoldersToItsLeft() =>
        Rule.HasNoBreach(Sources.SelectMany(Uses)
            .Where(use => GroupOf(use.Target) > GroupOf(use.Folder))
            .Select(use => $"{use.Place}: {use.Folder} -> {use.Target}"));

    [Fact]
    public void Folders_OfOneGroup_DoNotUseEachOtherInACircle()
    {
        HashSet<(string From, string To)> edges = [.. Sources.SelectMany(Uses)
            .Where(use => GroupOf(use.Target) == GroupOf(use.Folder) && use.Target != use.Folder)
            .Select(use => (use.Folder, use.Target))];

        // Folders that use nothing any more are taken away until none is left, or a circle.
        while (edges.RemoveWhere(edge => !edges.Any(next => next.From == edge.To)) > 0)
        {
        }

        Rule.HasNoBreach(edges.Select(edge => $"{edge.From} -> {edge.To}"));
    }

    [Fact]
    public void Folder_OfTheBroker_DoesNotUseTheCompositionRoot()
    {
        string[] rootTypes = [.. Sources.Where(s => FolderOf(s).Length == 0).SelectMany(s => s.DeclaredTypes).Distinct()];
        if (rootTypes.Length == 0) return;

        Regex anyRootType = new($@"\b(?:{string.Join('|', rootTypes.Select(Regex.Escape))})\b", RegexOptions.CultureInvariant);
        Rule.HasNoBreach(Sources.Where(s => FolderOf(s).Length > 0)
            .SelectMany(s => anyRootType.Matches(s.Code).Select(m => $"{s.At(m.Index)}: {m.Value}")));
    }

    [Fact]
    public void Usings_OfTheBroker_AreInEachFile()
    {
        Rule.HasNoBreach(Sources.Where(s => GlobalUsing().IsMatch(s.Code)).Select(s => s.Path));
        Assert.DoesNotContain("<Using ", File.ReadAllText(Path.Combine(RepositoryTree.Root, "src/Nightjar.Broker/Nightjar.Broker.csproj")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("using Nightjar.Broker.Routing;", "Routing")]
    [InlineData("using Cache = Nightjar.Broker.Routing.RouteCache;", "Routing")]
    [InlineData("using static Nightjar.Broker.Limits.Clock;", "Limits")]
    [InlineData("global::Nightjar.Broker.Connections.Handlers.PublishHandler h;", "Connections")]
    [InlineData("Broker.Sessions.Session s;", "Sessions")]
    [InlineData("this.Routing.Add(1); Nightjar.Client.Routing.X();", null)]
    public void FoldersNamedBy_ALineOfCode_AreFound(string code, string? folder) =>
        Assert.Equal(folder is null ? [] : [folder], QualifiedUse().Matches(code).Select(m => m.Groups[1].Value));

    private static string FolderOf(SourceText source)
    {
        string[] parts = source.Path.Split('/');
        return parts.Length > 3 ? parts[2] : "";
    }

    private static int GroupOf(string folder) => Array.FindIndex(Groups, group => group.Contains(folder));

    // Every folder that a file names: by using directive or qualified name, or relative to the common parent namespace. The last form is
    // a use only when a type of that folder follows, because properties may be called as folders are.
    private static IEnumerable<(string Folder, string Target, string Place)> Uses(SourceText source)
    {
        string folder = FolderOf(source);
        if (folder.Length == 0) return [];

        IEnumerable<Match> relative = RelativeUse().Matches(source.Code)
            .Where(m => TypesByFolder.TryGetValue(m.Groups[1].Value, out HashSet<string>? types) && types.Contains(m.Groups[2].Value));
        return QualifiedUse().Matches(source.Code).Concat(relative)
            .Select(m => (folder, m.Groups[1].Value, source.At(m.Index)))
            .Where(use => use.Item2 != folder && GroupOf(use.Item2) >= 0);
    }

    private static readonly Dictionary<string, HashSet<string>> TypesByFolder = Sources
        .GroupBy(FolderOf)
        .ToDictionary(g => g.Key, g => g.SelectMany(s => s.DeclaredTypes).ToHashSet(StringComparer.Ordinal));

    [GeneratedRegex(@"(?<![\w.])(?:global::)?(?:Nightjar\.)?Broker\.([A-Z]\w*)\b")]
    private static partial Regex QualifiedUse();

    [GeneratedRegex(@"(?<![\w.])([A-Z]\w*)\.([A-Z]\w*)\b")]
    private static partial Regex RelativeUse();

    [GeneratedRegex(@"\bglobal\s+using\b")]
    private static partial Regex GlobalUsing();
}
