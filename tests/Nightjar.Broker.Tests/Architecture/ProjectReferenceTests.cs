using System.Xml.Linq;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Architecture;

/// <summary>Projects depend on each other only as the plan of the house says: no arrow points left.</summary>
public sealed class ProjectReferenceTests
{
    // What each project of src may name in a ProjectReference.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Nightjar.Protocol"] = [],
        ["Nightjar.Transport"] = [],
        ["Nightjar.Transport.OpenSsl"] = ["Nightjar.Transport"],
        ["Nightjar.Client"] = ["Nightjar.Protocol", "Nightjar.Transport"],
        ["Nightjar.Broker"] = ["Nightjar.Protocol", "Nightjar.Transport", "Nightjar.Client"],
        ["Nightjar.Storage"] = ["Nightjar.Protocol", "Nightjar.Broker"],
        ["Nightjar.Host"] = ["Nightjar.Protocol", "Nightjar.Transport", "Nightjar.Transport.OpenSsl", "Nightjar.Client", "Nightjar.Broker", "Nightjar.Storage"],
    };

    // Projects that are pure: the base class library only.
    private static readonly string[] WithoutPackages = ["Nightjar.Protocol"];

    [Fact]
    public void Projects_OfTheSource_AreThoseOfThePlan() =>
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), ProjectFiles().Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Fact]
    public void ProjectReferences_OfTheSource_PointOnlyAsThePlanSays()
    {
        List<string> wrong = [];
        foreach (string project in ProjectFiles())
        {
            string name = Path.GetFileNameWithoutExtension(project);
            wrong.AddRange(Items(project, "ProjectReference")
                .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
                .Where(target => !Allowed[name].Contains(target))
                .Select(target => $"{name} -> {target}"));
        }

        Rule.HasNoBreach(wrong);
    }

    [Fact]
    public void PackageReferences_OfPureProjects_AreNone() =>
        Rule.HasNoBreach(ProjectFiles()
            .Where(project => WithoutPackages.Contains(Path.GetFileNameWithoutExtension(project)))
            .SelectMany(project => Items(project, "PackageReference")));

    [Fact]
    public void FrameworkReferences_OutsideTheHost_AreNone() =>
        Rule.HasNoBreach(ProjectFiles()
            .Where(project => Path.GetFileNameWithoutExtension(project) != "Nightjar.Host")
            .SelectMany(project => Items(project, "FrameworkReference")));

    private static IReadOnlyList<string> ProjectFiles() => RepositoryTree.Files("src", "*.csproj");

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(project).Descendants(kind).Select(item => item.Attribute("Include")!.Value);
}
