namespace Nightjar.LoadTests.Simulations;

/// <summary>What a <see cref="LoadDriver"/> drives.</summary>
internal interface ILoadTarget
{
    /// <summary>Nothing more can be begun: the scenario's number of messages is reached, or it failed.</summary>
    bool IsExhausted { get; }

    /// <summary>Units that may be begun now without more being under way than the scenario allows.</summary>
    int Room { get; }

    /// <summary>Begins units of work without waiting for them.</summary>
    /// <param name="count">How many.</param>
    /// <param name="due">When they should have begun, on <see cref="Measuring.MonotonicClock"/>: their latency counts from then.</param>
    void Inject(int count, long due);

    /// <summary>Begins to keep this many units under way for each source of load.</summary>
    void StartClosedLoop(int window);

    /// <summary>Ends the closed loop; what is under way goes on.</summary>
    void StopClosedLoop();
}
