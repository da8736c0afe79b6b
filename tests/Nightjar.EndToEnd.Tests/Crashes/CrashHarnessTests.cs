using Nightjar.CrashTests;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Processes;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Crashes;

/// <summary>The short run of the crash harness, and the proof that it notices what it looks for. Long runs: <c>tests/Nightjar.CrashTests</c>.</summary>
[Collection(AloneCollection.Name)]
public sealed class CrashHarnessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-crash-").FullName;

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Broker_KilledTwentyTimes_KeepsWhatItAcknowledged()
    {
        await using var broker = new BrokerUnderTest(_folder);
        var (ledger, output) = await RunAsync(new CrashOptions { Cycles = 20, JudgeEvery = 10 }, broker);
        Assert.True(ledger.ViolationCount == 0, output);
        Assert.True(ledger.DoneOf("messages acknowledged") > 100, output);
        Assert.True(ledger.DoneOf("wills found right") > 0 && ledger.DoneOf("retained topics found right") > 0 && ledger.DoneOf("subscriptions found right") > 0, output);
        Assert.True(ledger.DoneOf("remaining intervals found right") > 0 && ledger.DoneOf("expired messages kept back") > 0 && ledger.DoneOf("delayed wills found right") > 0, output);
    }

    [Fact]
    public async Task BrokerWithoutAStore_IsFoundOut()
    {
        await using var broker = new BrokerUnderTest(_folder, _ => "allow_anonymous true\nmax_queued_messages 0\nlog_type all\n");
        var (ledger, output) = await RunAsync(new CrashOptions { Cycles = 3, JudgeEvery = 3 }, broker, patience: TimeSpan.FromSeconds(3));
        Assert.True(ledger.CountOf(Violation.Lost) > 0 && ledger.CountOf(Violation.State) > 0, output);
    }

    private static async Task<(Ledger Ledger, string Output)> RunAsync(CrashOptions options, BrokerUnderTest broker, TimeSpan? patience = null)
    {
        await using var output = new StringWriter();
        var ledger = new Ledger(output.WriteLine) { Patience = patience ?? TimeSpan.FromSeconds(30) };
        await output.WriteLineAsync($"seed {options.Seed}");
        await new CrashRun(options, broker, ledger, output).RunAsync();
        await output.WriteLineAsync(ledger.Summary());
        return (ledger, output.ToString());
    }
}
