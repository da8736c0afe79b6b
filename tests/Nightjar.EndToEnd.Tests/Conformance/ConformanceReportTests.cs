using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Conformance;

/// <summary>The report itself: what counts as proven and what is refused.</summary>
public sealed class ConformanceReportTests
{
    [Fact]
    public void Report_OfATestThatNamesStatements_CountsEachOfThem()
    {
        ConformanceReport report = ReportOf(typeof(Citing));

        Assert.Equal((1, 239), report.Coverage("5.0"));
        Assert.Equal((1, 136), report.Coverage("3.1.1"));
        Assert.Equal((2, 16), report.Coverage("T3"));
        Assert.Empty(report.Unknown);
        Assert.Equal(["Citing.Named_OnTheMethod_Counts"], report.TestsOf(StatementMatrix.Default.Find("MQTT-3.1.2-24 v3.1.1")!));
        Assert.Contains("MQTT 5.0: covered 1 / 239", report.Summary(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_OfSkippedTestsAndPlainMethods_CountsNothing()
    {
        ConformanceReport report = ReportOf(typeof(NotRun));

        Assert.Equal((0, 239), report.Coverage("5.0"));
        Assert.Equal(239 + 136 + 16, report.Missing.Count());
    }

    [Fact]
    public void Report_OfAnIdThatIsInNoTable_NamesItAndTheTest()
    {
        string unknown = Assert.Single(ReportOf(typeof(Mistaken)).Unknown);
        Assert.Contains("MQTT-9.9.9-9", unknown, StringComparison.Ordinal);
        Assert.Contains("Mistaken.Named", unknown, StringComparison.Ordinal);
    }

    private static ConformanceReport ReportOf(params Type[] types) => ConformanceReport.Of(StatementMatrix.Default, types);

    // Samples for the report. They are private, so that neither the test runner nor the report over assemblies sees them.
#pragma warning disable xUnit1000 // Test classes must be public
    [Statement("T3-05")]
    private sealed class Citing
    {
        [Fact]
        [Statement("MQTT-3.1.2-24 v3.1.1")]
        [Statement("MQTT-3.1.2-24")]
        [Statement("T3: DISCONNECT 0x04 publishes the will")]
        public void Named_OnTheMethod_Counts() => Assert.NotNull(this);
    }

    [Statement("T3-05")]
    private sealed class NotRun
    {
        [Fact(Skip = "a sample")]
        [Statement("MQTT-3.1.2-24")]
        public void Skipped() => Assert.NotNull(this);

        [Statement("MQTT-3.1.2-24")]
        public void NoTest() => Assert.NotNull(this);
    }

    private sealed class Mistaken
    {
        [Fact]
        [Statement("MQTT-9.9.9-9")]
        public void Named() => Assert.NotNull(this);
    }
#pragma warning restore xUnit1000
}
