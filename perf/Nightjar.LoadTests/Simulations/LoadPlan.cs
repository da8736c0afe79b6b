namespace Nightjar.LoadTests.Simulations;

/// <summary>Simulations one after the other, with a warm-up before them that is not measured. Immutable.</summary>
/// <param name="Simulations">At least one.</param>
/// <param name="WarmUp">How long the first simulation runs before measuring begins; zero for not at all.</param>
internal sealed record LoadPlan(IReadOnlyList<LoadSimulation> Simulations, TimeSpan WarmUp)
{
    /// <summary>The length of the measured part.</summary>
    internal TimeSpan Duration => Simulations.Aggregate(TimeSpan.Zero, static (sum, simulation) => sum + simulation.During);

    /// <summary>In words, for the report.</summary>
    internal string Describe() => string.Join(", then ", Simulations.Select(static simulation => simulation.Describe()));
}
