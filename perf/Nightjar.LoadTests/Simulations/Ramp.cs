using System.Globalization;

namespace Nightjar.LoadTests.Simulations;

/// <summary>Open loop: the rate changes evenly from one to another.</summary>
/// <param name="From">Units a second at the start.</param>
/// <param name="To">Units a second at the end.</param>
/// <param name="During">How long it lasts.</param>
internal sealed record Ramp(double From, double To, TimeSpan During) : LoadSimulation(During)
{
    internal override long DueBy(TimeSpan elapsed)
    {
        double t = elapsed.TotalSeconds;
        return (long)((From * t) + ((To - From) * t * t / (2 * During.TotalSeconds)));
    }

    internal override string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"ramp {From:0.##}/s to {To:0.##}/s over {During.TotalSeconds:0.###} s");
}
