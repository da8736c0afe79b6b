using Nightjar.LoadTests.Reporting;
using Xunit;

namespace Nightjar.LoadTests.Tests.Reporting;

public sealed class AxisMarksTests
{
    [Theory]
    [InlineData(3100, new double[] { 0, 1000, 2000, 3000, 4000 })]
    [InlineData(10, new double[] { 0, 2, 4, 6, 8, 10 })]
    [InlineData(1, new double[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    public void FromZero_ToAValue_IsRoundAndCoversIt(double greatest, double[] expected) => AssertSame(expected, AxisMarks.FromZero(greatest));

    [Theory]
    [InlineData(0, 8, new double[] { 0, 2, 4, 6, 8 })]
    [InlineData(0, 60, new double[] { 0, 10, 20, 30, 40, 50, 60 })]
    [InlineData(0, 0.15, new double[] { 0, 0.05, 0.1, 0.15 })]
    public void Even_WithinARange_IsRoundAndStaysInside(double from, double to, double[] expected) => AssertSame(expected, AxisMarks.Even(from, to));

    [Theory]
    [InlineData(140, 3400, new double[] { 100, 200, 500, 1000, 2000, 5000 })]
    [InlineData(500, 500, new double[] { 500 })]
    [InlineData(210, 25_000_000, new double[] { 200, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000 })]
    public void Logarithmic_OfARange_CoversIt(double least, double greatest, double[] expected) =>
        AssertSame(expected, AxisMarks.Logarithmic(least, greatest));

    private static void AssertSame(double[] expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], expected[i] * 1e-9);
    }
}
