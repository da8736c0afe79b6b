using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Readme;

/// <summary>What the README shows of embedding is this project's source, and runs.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task EmbeddingExample_OfTheReadme_CompilesAndRuns()
    {
        using var output = new StringWriter();
        Assert.Equal("rooms/kitchen/temperature = 20.5", await EmbeddingExample.RunAsync(output));
        Assert.StartsWith("listening on 127.0.0.1:", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DurableExample_OfTheReadme_CompilesAndRuns()
    {
        var directory = Directory.CreateTempSubdirectory("nightjar-readme-");
        Assert.Equal("1 retained message after the second start", await DurableExample.RunAsync(Path.Combine(directory.FullName, "nightjar.db")));
        directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("EmbeddingExample.cs")]
    [InlineData("DurableExample.cs")]
    public void Readme_Examples_AreTheCompiledOnes(string file)
    {
        var source = File.ReadAllText(Path.Combine(RepositoryTree.Root, "tests/Nightjar.Broker.Tests/Readme", file)).ReplaceLineEndings("\n");
        var begin = source.IndexOf("// <readme>\n", StringComparison.Ordinal) + "// <readme>\n".Length;
        var example = source[begin..source.IndexOf("\n// </readme>", StringComparison.Ordinal)];
        var readme = File.ReadAllText(Path.Combine(RepositoryTree.Root, "README.md")).ReplaceLineEndings("\n");
        Assert.Contains("```csharp\n" + example + "```", readme, StringComparison.Ordinal);
    }
}
