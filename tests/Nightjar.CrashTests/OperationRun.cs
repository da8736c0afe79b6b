using Nightjar.CrashTests.Actors;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Processes;

namespace Nightjar.CrashTests;

/// <summary>
/// One of each operation, again and again from the same start, and each time the broker is killed at another of its writes and syncs: at the
/// first, at the second, until it comes through to its clean end. Afterwards everything is finished on a broker that is left alone, and judged.
/// </summary>
internal sealed class OperationRun(CrashOptions options, BrokerUnderTest broker, Ledger ledger, TextWriter output)
{
    // What changes files; each is counted by itself, thread by thread. Which of them SQLite uses, its build decides.
    private static readonly string[] Calls = ["write", "pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"];

    private const int Terminate = 15;
    private string _template = "";

    internal async Task RunAsync()
    {
        await PrepareAsync();
        foreach (var call in Calls)
        {
            var number = options.First;
            while (await IsKilledAsync(call, number)) number += options.Step;
            await output.WriteLineAsync($"{call}: comes through from the {number}. on, {ledger.ViolationCount} violations");
        }

        Directory.Delete(_template, recursive: true);
    }

    // A broker that was started, met everybody and was stopped: where each round begins.
    private async Task PrepareAsync()
    {
        await StartAsync();
        foreach (var actor in Cast.Make(ledger, options.Seed)) await actor.PrepareAsync(broker.Port);
        broker.Signal(Terminate);
        await broker.Ended;
        _template = broker.StoreFolder + "-template";
        Copy(broker.StoreFolder, _template);
    }

    private async Task<bool> IsKilledAsync(string call, int number)
    {
        ledger.Cycle++;
        broker.EmptyStore();
        Copy(_template, broker.StoreFolder);
        var actors = Cast.Make(ledger, options.Seed);
        broker.Wrapper = broker.Strace($"inject={call}:signal=KILL:when={number}", call);
        var isKilled = !await broker.StartAsync();
        if (!isKilled)
        {
            foreach (var actor in actors)
            {
                if (broker.IsRunning) await actor.UseOnceAsync(broker.Port);
            }

            if (broker.IsRunning) broker.Signal(Terminate);
            await broker.Ended;
            isKilled = !broker.EndedWell;
        }

        await broker.KillAsync();
        ledger.Did(!isKilled ? "clean ends" : call.Contains("sync", StringComparison.Ordinal) ? "kills at syncs" : call.Contains("write", StringComparison.Ordinal) ? "kills at writes" : "kills at other calls");
        broker.Wrapper = [];
        await StartAsync();
        foreach (var actor in actors) await actor.InspectAsync(broker.Port);
        await Task.WhenAll(actors.Select(actor => actor.FinishAsync(broker.Port)));
        await Task.WhenAll(actors.Select(actor => actor.JudgeAsync(broker.Port)));
        foreach (var actor in actors) await actor.CloseAsync();
        await broker.KillAsync();
        return isKilled;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private async Task StartAsync()
    {
        if (!await broker.StartAsync()) throw new BrokerFailedException(string.Join('\n', broker.Log));
        ledger.Did("starts");
    }
}
