using System.Reflection;
using Nightjar.Testing;
using Nightjar.Testing.Conformance;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.EndToEnd.Tests.Conformance;

/// <summary>Holds the tests of all projects against the conformance matrix.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    private static readonly string[] TestAssemblies =
    [
        "Nightjar.Protocol.Tests", "Nightjar.Transport.Tests", "Nightjar.Broker.Tests", "Nightjar.Host.Tests", "Nightjar.EndToEnd.Tests",
    ];

    [Fact]
    public void Conformance_EveryBrokerStatement_HasATest()
    {
        ConformanceReport report = ConformanceReport.Of(StatementMatrix.Default, TestAssemblies.Select(Assembly.Load));
        File.WriteAllText(Path.Combine(RepositoryTree.Artifacts, "conformance.txt"), report.ToString());
        output.WriteLine(report.Shortcomings());

        bool complete = !report.Missing.Any() && report.Unknown.Count == 0;
        Assert.True(complete, report.Shortcomings());
    }

    [Theory]
    [InlineData("5.0", 251, 239)]
    [InlineData("3.1.1", 141, 136)]
    [InlineData("T3", 16, 16)]
    public void Matrix_OfAVersion_HasTheNumberOfStatementsOfTheStandard(string version, int all, int ofBroker)
    {
        Assert.Equal(all, StatementMatrix.Default.Statements.Count(s => s.Version == version));
        Assert.Equal(ofBroker, StatementMatrix.Default.OfBroker(version).Count());
    }
}
