using Nightjar.CrashTests.Ledgers;

namespace Nightjar.CrashTests.Actors;

/// <summary>Somebody who uses the broker, cycle after cycle, and knows what it owes him.</summary>
internal abstract class Actor(Ledger ledger, Random random)
{
    protected Ledger Ledger { get; } = ledger;

    /// <summary>Decides; not for several threads.</summary>
    protected Random Random { get; } = random;

    /// <summary>Done once, with the broker at peace: what must be there before anything is published.</summary>
    internal virtual Task PrepareAsync(int port) => Task.CompletedTask;

    /// <summary>Looks, after a start and before anybody changes anything, whether everything is as acknowledged.</summary>
    internal virtual Task InspectAsync(int port) => Task.CompletedTask;

    /// <summary>Uses the broker until it is gone.</summary>
    internal abstract Task UseAsync(int port);

    /// <summary>Does each thing that it knows once, one after the other, until it has or the broker is gone.</summary>
    internal abstract Task UseOnceAsync(int port);

    /// <summary>Finishes what it has begun, with the broker at peace, and leaves nothing open.</summary>
    internal virtual Task FinishAsync(int port) => Task.CompletedTask;

    /// <summary>Judges, after everybody has finished.</summary>
    internal virtual Task JudgeAsync(int port) => Task.CompletedTask;

    /// <summary>Breaks what is still connected.</summary>
    internal abstract Task CloseAsync();

    /// <summary>A session that was acknowledged must be there.</summary>
    protected void CheckPresent(string clientId, bool isPresent)
    {
        if (!isPresent) Ledger.Add(Violation.State, $"the session of {clientId} is gone.");
        else Ledger.Did("sessions found again");
    }

    protected bool Chance(double probability) => Random.NextDouble() < probability;
}
