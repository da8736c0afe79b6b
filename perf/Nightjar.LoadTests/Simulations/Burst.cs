using System.Globalization;

namespace Nightjar.LoadTests.Simulations;

/// <summary>Open loop: many units at once, at the start and then at equal distances.</summary>
/// <param name="Size">Units in one burst.</param>
/// <param name="Every">Time between the starts of bursts.</param>
/// <param name="During">How long it lasts; no burst begins at its very end.</param>
internal sealed record Burst(int Size, TimeSpan Every, TimeSpan During) : LoadSimulation(During)
{
    internal override long DueBy(TimeSpan elapsed)
    {
        long last = During.Ticks <= 0 ? 0 : (During.Ticks - 1) / Every.Ticks;
        return Size * (1 + Math.Min(elapsed.Ticks / Every.Ticks, last));
    }

    internal override string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"bursts of {Size} every {Every.TotalMilliseconds:0.###} ms for {During.TotalSeconds:0.###} s");
}
