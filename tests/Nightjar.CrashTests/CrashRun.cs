using Nightjar.CrashTests.Actors;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Processes;

namespace Nightjar.CrashTests;

/// <summary>The long game: everybody uses the broker, which is killed at a random moment and started again; now and then all is finished and judged.</summary>
internal sealed class CrashRun(CrashOptions options, BrokerUnderTest broker, Ledger ledger, TextWriter output)
{
    private readonly IReadOnlyList<Actor> _actors = Cast.Make(ledger, options.Seed);
    private readonly Random _random = new(options.Seed);

    /// <summary>Runs all cycles.</summary>
    /// <exception cref="BrokerFailedException">The broker does not start.</exception>
    internal async Task RunAsync()
    {
        await StartAsync();
        foreach (var actor in _actors) await actor.PrepareAsync(broker.Port);
        for (var cycle = 1; cycle <= options.Cycles; cycle++)
        {
            ledger.Cycle = cycle;
            if (!broker.IsRunning) await StartAsync();
            // One after the other: what is looked at belongs to nobody else, but a peer is one connection.
            await Task.WhenAll(_actors.Select(actor => actor.InspectAsync(broker.Port)));
            var use = Task.WhenAll(_actors.Select(actor => actor.UseAsync(broker.Port)));
            await Task.Delay(_random.Next(1, options.LongestMilliseconds));
            await KillAsync(use);
            if (cycle % options.JudgeEvery != 0 && cycle != options.Cycles) continue;
            await JudgeAsync();
            await output.WriteLineAsync($"cycle {cycle} of {options.Cycles}: {ledger.DoneOf("messages acknowledged")} messages acknowledged, {ledger.DoneOf("messages received")} received, {ledger.ViolationCount} violations");
        }
    }

    private async Task JudgeAsync()
    {
        await StartAsync();
        await Task.WhenAll(_actors.Select(actor => actor.FinishAsync(broker.Port)));
        await Task.WhenAll(_actors.Select(actor => actor.JudgeAsync(broker.Port)));
        await KillAsync(Task.CompletedTask);
    }

    private async Task StartAsync()
    {
        if (!await broker.StartAsync()) throw new BrokerFailedException(string.Join('\n', broker.Log));
        ledger.Did("starts");
    }

    private async Task KillAsync(Task use)
    {
        await broker.KillAsync();
        ledger.Did("kills");
        await use;
        foreach (var actor in _actors) await actor.CloseAsync();
    }
}
