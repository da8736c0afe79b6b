using Nightjar.CrashTests.Actors;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.CrashTests.Processes;
using Nightjar.Protocol;

namespace Nightjar.CrashTests;

/// <summary>
/// The disk fails under a broker that everybody uses. Nothing is acknowledged that is not kept: who publishes with MQTT 5.0 is told 0x97, QoS 0 goes
/// on, and when the disk is back the broker goes on without a restart.
/// </summary>
internal sealed class FaultRun(BrokerUnderTest broker, Ledger ledger, int seed)
{
    private const string Failed = "The store cannot be written";
    private const string Recovered = "The store is written again";
    private const string Probe = "probe";
    private readonly IReadOnlyList<Actor> _actors = Cast.Make(ledger, seed);

    /// <summary>What the log said when the store failed; null before.</summary>
    internal string? FailureLine { get; private set; }

    /// <summary>Everybody meets a healthy broker, which is stopped again.</summary>
    internal async Task PrepareAsync()
    {
        await StartAsync();
        foreach (var actor in _actors) await actor.PrepareAsync(broker.Port);
        // For it something has to be kept, and nobody judges what.
        var keeper = new Peer("probe-keeper", ProtocolVersion.Mqtt50);
        await keeper.ConnectAsync(broker.Port);
        await keeper.SubscribeAsync(Probe, QualityOfService.AtLeastOnce);
        await keeper.AbortAsync();
        await broker.KillAsync();
    }

    /// <summary>Starts the broker on a disk that will fail, and has everybody use it until it has.</summary>
    /// <param name="fail">Has the disk fail when it does not do so by itself.</param>
    /// <returns>What everybody is doing, which goes on.</returns>
    internal async Task<Task> UseUntilFailureAsync(Action? fail = null)
    {
        await StartAsync();
        var use = UseAsync();
        fail?.Invoke();
        await broker.WaitForLogAsync(Failed);
        FailureLine = broker.Log.First(line => line.Contains(Failed, StringComparison.Ordinal));
        return use;
    }

    /// <summary>Has everybody use a broker that runs, until it is gone.</summary>
    internal Task UseAsync() => Task.WhenAll(_actors.Select(actor => actor.UseAsync(broker.Port)));

    /// <summary>While the store is failed: v5 gets 0x97 for what would have to be kept, and QoS 0 between others goes on.</summary>
    /// <param name="failAgain">Has the disk fail again, when the store has found a way to go on meanwhile: a full disk may have some room after all.</param>
    internal async Task ProveFailedAsync(Action? failAgain = null)
    {
        var got = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reader = new Peer("quick-reader", ProtocolVersion.Mqtt50) { Received = _ => got.TrySetResult() };
        var writer = new Peer("quick-writer", ProtocolVersion.Mqtt50);
        if (await reader.ConnectAsync(broker.Port, clean: true, expiry: 0) is null || await writer.ConnectAsync(broker.Port, clean: true, expiry: 0) is null)
        {
            ledger.Add(Violation.State, "clients without a session cannot connect while the store is failed.");
            return;
        }

        await reader.SubscribeAsync("quick", QualityOfService.AtMostOnce);
        writer.PublishAtMostOnce("quick", "on it goes");
        if (await Task.WhenAny(got.Task, Task.Delay(TimeSpan.FromSeconds(30))) != got.Task) ledger.Add(Violation.Lost, "a QoS 0 message did not come through while the store is failed.");
        else ledger.Did("QoS 0 messages through a failed store");
        await ProveRefusedAsync(writer, failAgain);
        await reader.AbortAsync();
        await writer.AbortAsync();
    }

    /// <summary>The disk is back: the broker writes again.</summary>
    internal Task AwaitRecoveryAsync() => broker.WaitForLogAsync(log => Count(log, Recovered) >= Count(log, Failed), Recovered);

    /// <summary>kill -9; then all is finished and judged on a broker with a healthy disk.</summary>
    internal async Task KillAndJudgeAsync(Task use)
    {
        await broker.KillAsync();
        await use;
        foreach (var actor in _actors) await actor.CloseAsync();
        broker.Wrapper = [];
        await StartAsync();
        foreach (var actor in _actors) await actor.InspectAsync(broker.Port);
        await Task.WhenAll(_actors.Select(actor => actor.FinishAsync(broker.Port)));
        await Task.WhenAll(_actors.Select(actor => actor.JudgeAsync(broker.Port)));
        foreach (var actor in _actors) await actor.CloseAsync();
        await broker.KillAsync();
    }

    private async Task ProveRefusedAsync(Peer writer, Action? failAgain)
    {
        while (true)
        {
            var failures = Count(broker.Log, Failed);
            var answer = writer.PublishAsync(Probe, "must not be promised", QualityOfService.AtLeastOnce);
            if (await Task.WhenAny(answer, writer.Ended, Task.Delay(TimeSpan.FromSeconds(30))) == answer && await answer == ReasonCode.QuotaExceeded)
            {
                ledger.Did("messages answered with 0x97");
                return;
            }

            if (failAgain is null || !answer.IsCompletedSuccessfully)
            {
                ledger.Add(Violation.State, $"a message that cannot be kept was answered with {(answer.IsCompletedSuccessfully ? answer.Result : null)}.");
                return;
            }

            // Taken, so the store was written again, or this waits in vain.
            await broker.WaitForLogAsync(log => Count(log, Recovered) >= failures, Recovered);
            failAgain();
            await broker.WaitForLogAsync(log => Count(log, Failed) > failures, Failed);
        }
    }

    private static int Count(IReadOnlyList<string> log, string text) => log.Count(line => line.Contains(text, StringComparison.Ordinal));

    private async Task StartAsync()
    {
        if (!await broker.StartAsync()) throw new BrokerFailedException(string.Join('\n', broker.Log));
    }
}
