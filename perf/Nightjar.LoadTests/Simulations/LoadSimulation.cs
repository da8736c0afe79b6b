namespace Nightjar.LoadTests.Simulations;

/// <summary>How load comes over time. Immutable; one part of a <see cref="LoadPlan"/>.</summary>
/// <param name="During">How long it lasts.</param>
internal abstract record LoadSimulation(TimeSpan During)
{
    /// <summary>Units of work (messages, or connections) that are due from the start up to a moment, for simulations that follow a clock.</summary>
    /// <param name="elapsed">Zero to <see cref="During"/>.</param>
    /// <returns>Never less than for an earlier moment.</returns>
    internal abstract long DueBy(TimeSpan elapsed);

    /// <summary>In words, for the report.</summary>
    internal abstract string Describe();

    /// <summary>The same load for another length of time.</summary>
    internal LoadSimulation Lasting(TimeSpan during) => this with { During = during };
}
