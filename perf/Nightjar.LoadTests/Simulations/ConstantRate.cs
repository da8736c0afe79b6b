using System.Globalization;

namespace Nightjar.LoadTests.Simulations;

/// <summary>Open loop: the same number of units every second, whether or not earlier ones have been answered.</summary>
/// <param name="PerSecond">Units a second.</param>
/// <param name="During">How long it lasts.</param>
internal sealed record ConstantRate(double PerSecond, TimeSpan During) : LoadSimulation(During)
{
    internal override long DueBy(TimeSpan elapsed) => (long)(PerSecond * elapsed.TotalSeconds);

    internal override string Describe() => string.Create(CultureInfo.InvariantCulture, $"constant rate {PerSecond:0.##}/s for {During.TotalSeconds:0.###} s");
}
