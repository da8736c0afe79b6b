using System.Diagnostics;
using System.Globalization;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Testing.Broker;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Concurrency;

/// <summary>
/// Eight workers connect, take over, subscribe, unsubscribe, publish and break connections beside a moving clock; at quiescence everything agrees with
/// the model and nothing is left over. <c>NIGHTJAR_STRESS_SECONDS</c> sets how long (5), <c>NIGHTJAR_STRESS_SEED</c> repeats the choices of a run.
/// </summary>
public sealed class StressTests(ITestOutputHelper output)
{
    private const int Workers = 8;

    [Fact]
    public async Task Broker_UnderEightWorkers_KeepsItsPromises()
    {
        var duration = TimeSpan.FromSeconds(Setting("NIGHTJAR_STRESS_SECONDS", 5));
        var seed = Setting("NIGHTJAR_STRESS_SEED", Random.Shared.Next());
        output.WriteLine($"seed {seed}, {duration}");
        // The fake clock runs as fast as this thread, so a worker that has to wait for a core must not run out of time to connect.
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { ConnectTimeout = TimeSpan.FromDays(30), MaximumQueuedMessages = 0, CloseLinger = TimeSpan.FromMilliseconds(1) });
        var model = new StressModel();
        var workers = Enumerable.Range(0, Workers).Select(i => new StressWorker(broker, model, i, seed + i)).ToArray();
        foreach (var worker in workers) await worker.BeginAsync();
        var start = Stopwatch.GetTimestamp();
        var running = Task.WhenAll(workers.Select(worker => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(start) < duration) await worker.StepAsync();
        })));
        // Sessions expire and wills come due while all of this goes on.
        using var clock = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!running.IsCompleted && await clock.WaitForNextTickAsync()) broker.Advance(TimeSpan.FromMilliseconds(20));

        await running;
        output.WriteLine($"{workers.Sum(worker => worker.Connects)} connections, {model.Count} messages, {model.Acknowledged} acknowledged");
        foreach (var worker in workers) await worker.EndAsync();
        await ExpectAgreementAsync(broker);
    }

    // Connected, offline or ended: the trie holds the subscriptions of the sessions that are there, and the table no session that has ended.
    private static async Task ExpectAgreementAsync(TestBroker broker)
    {
        var core = broker.Broker.Core;
        await Nightjar.Testing.Wait.UntilAsync(() => core.Router.Subscriptions.Count + core.Router.Subscriptions.SharedCount == core.Sessions.Table.Sum(session => session.Subscriptions.Count), "trie and sessions to agree");
        Assert.All(core.Sessions.Table, session => Assert.False(session.IsEnded));
        Assert.Equal(core.Sessions.Table.Count, core.Sessions.Table.Select(session => session.ClientId).Distinct().Count());
        foreach (var session in core.Sessions.Table)
        {
            if (session.Link?.Owner is Nightjar.Broker.Connections.ClientConnection connection) Assert.Same(session, connection.Session);
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
