using System.Globalization;

namespace Nightjar.LoadTests.Simulations;

/// <summary>Closed loop: each source of load keeps this many units under way, and begins another when one is done. As fast as the broker.</summary>
/// <param name="Window">Units under way for each publisher (for connection scenarios: connections under way).</param>
/// <param name="During">How long it lasts.</param>
internal sealed record ClosedLoop(int Window, TimeSpan During) : LoadSimulation(During)
{
    /// <summary>Always 0: completions set the pace, not the clock.</summary>
    internal override long DueBy(TimeSpan elapsed) => 0;

    internal override string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"closed loop of {Window} for {During.TotalSeconds:0.###} s");
}
