using Nightjar.CrashTests;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Processes;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Crashes;

/// <summary>Disks that fail under the running executable: what was acknowledged is kept, what cannot be kept is not acknowledged.</summary>
[Collection(AloneCollection.Name)]
public sealed class DiskFaultTests : IDisposable
{
    private readonly Ledger _ledger = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-fault-").FullName;

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [RequiresToolTheory("strace")]
    [InlineData("fsync,fdatasync", "error=EIO")]
    [InlineData("write,pwrite64", "error=ENOSPC")]
    [InlineData("write,pwrite64", "error=EIO")]
    [InlineData("write,pwrite64", "error=EROFS")]
    [InlineData("write,pwrite64", "retval=0")]
    public async Task FailingCall_ForEver_AcknowledgesNothingThatIsNotKept(string call, string fault)
    {
        await using var broker = new BrokerUnderTest(_folder);
        var run = new FaultRun(broker, _ledger, Environment.TickCount & int.MaxValue);
        await run.PrepareAsync();
        broker.Wrapper = broker.Strace($"inject={call}:{fault}:when=100+", call);
        var use = await run.UseUntilFailureAsync();
        await run.ProveFailedAsync();
        await run.KillAndJudgeAsync(use);
        Check();
    }

    [RequiresToolTheory("strace")]
    [InlineData("fsync,fdatasync", "error=EIO", "40..43")]
    [InlineData("write,pwrite64", "error=ENOSPC", "200..205")]
    [InlineData("write,pwrite64", "error=EROFS", "200..205")]
    [InlineData("write,pwrite64", "retval=0", "200..205")]
    public async Task FailingCall_ForAWhile_RecoversWithoutARestart(string call, string fault, string when)
    {
        await using var broker = new BrokerUnderTest(_folder);
        var run = new FaultRun(broker, _ledger, Environment.TickCount & int.MaxValue);
        await run.PrepareAsync();
        broker.Wrapper = broker.Strace($"inject={call}:{fault}:when={when}", call);
        var use = await run.UseUntilFailureAsync();
        await GoOnAsync(run, use);
    }

    [SmallDiskFact]
    public async Task FullDisk_RefusesUntilThereIsRoom_AndGoesOn()
    {
        await using var disk = await SmallDisk.MountAsync(Path.Combine(_folder, "disk"), "4m");
        await using var broker = new BrokerUnderTest(Path.Combine(_folder, "broker")) { StoreFolder = disk.Path };
        var run = new FaultRun(broker, _ledger, Environment.TickCount & int.MaxValue);
        await run.PrepareAsync();
        // A file takes what room is left, all but a little.
        var use = await run.UseUntilFailureAsync(disk.Fill);
        await run.ProveFailedAsync(disk.Fill);
        disk.GiveBack();
        await disk.GrowAsync("256m");
        await GoOnAsync(run, use);
    }

    [LoopDiskFact]
    public async Task FileSystemThatTurnsReadOnly_RefusesUntilItIsMountedAnew_AndGoesOn()
    {
        await using var disk = await LoopDisk.MountAsync(Path.Combine(_folder, "disk"));
        await using var broker = new BrokerUnderTest(Path.Combine(_folder, "broker")) { StoreFolder = disk.Path };
        var run = new FaultRun(broker, _ledger, Environment.TickCount & int.MaxValue);
        await run.PrepareAsync();
        var use = await run.UseUntilFailureAsync(disk.TurnReadOnly);
        await run.ProveFailedAsync();
        await disk.MountAnewAsync();
        await GoOnAsync(run, use);
    }

    [SmallDiskFact]
    public async Task ReadOnlyDisk_IsNamedAtTheStart()
    {
        await using var disk = await SmallDisk.MountAsync(Path.Combine(_folder, "disk"), "4m");
        await disk.SetReadOnlyAsync();
        await using var broker = new BrokerUnderTest(Path.Combine(_folder, "broker")) { StoreFolder = disk.Path };
        Assert.False(await broker.StartAsync());
        Assert.Contains(broker.Log, line => line.Contains(disk.Path, StringComparison.Ordinal) && line.Contains("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TornTailOfTheLog_IsCut_AndEverythingBeforeIsThere()
    {
        await using var broker = new BrokerUnderTest(_folder);
        var run = new FaultRun(broker, _ledger, Environment.TickCount & int.MaxValue);
        await run.PrepareAsync();
        Assert.True(await broker.StartAsync());
        var use = run.UseAsync();
        await Nightjar.Testing.Wait.UntilAsync(() => _ledger.DoneOf("messages acknowledged") > 200, "some traffic");
        await broker.KillAsync();
        // A commit that was on its way when the power went: its first page, and half of the next one in zeros.
        await using (var log = new FileStream(Directory.GetFiles(broker.StoreFolder, "*-wal").Single(), FileMode.Append))
        {
            var frame = new byte[24 + 4096];
            Random.Shared.NextBytes(frame);
            log.Write(frame);
            log.Write(new byte[2048]);
        }

        await run.KillAndJudgeAsync(use);
        Check();
    }

    [RequiresToolFact("strace")]
    public async Task BrokerKilledAtSomeOfItsWritesAndSyncs_KeepsWhatItAcknowledged()
    {
        await using var broker = new BrokerUnderTest(_folder);
        await using var output = new StringWriter();
        // Every twentieth only; all of them: tests/Nightjar.CrashTests --operations.
        await new OperationRun(new CrashOptions { EveryOperation = true, Step = 20 }, broker, _ledger, output).RunAsync();
        Assert.True(_ledger.ViolationCount == 0, $"{output}{_ledger.Summary()}\n{string.Join('\n', _ledger.Descriptions)}");
        Assert.True(_ledger.DoneOf("kills at writes") > 1 && _ledger.DoneOf("kills at syncs") > 1, _ledger.Summary());
    }

    // The disk is back: so are acknowledgements, without a restart.
    private async Task GoOnAsync(FaultRun run, Task use)
    {
        await run.AwaitRecoveryAsync();
        var before = _ledger.DoneOf("messages acknowledged");
        await Nightjar.Testing.Wait.UntilAsync(() => _ledger.DoneOf("messages acknowledged") > before, "an acknowledgement after the recovery");
        await run.KillAndJudgeAsync(use);
        Check();
    }

    private void Check() => Assert.True(_ledger.ViolationCount == 0, $"{_ledger.Summary()}\n{string.Join('\n', _ledger.Descriptions)}");
}
