using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Writing;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>When the disk follows what was committed: persistence_sync, autosave_interval, autosave_on_changes.</summary>
public sealed class SyncScheduleTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Always_SyncsEveryCommit()
    {
        var schedule = Make(options => options with { Sync = SqliteSync.Always });
        for (var times = 0; times < 3; times++)
        {
            Assert.True(schedule.IsDue);
            schedule.Committed(1, synced: true);
            Assert.Equal(-1, schedule.Remaining);
        }
    }

    [Fact]
    public void Interval_CountsFromTheFirstCommitThatIsNotOnDisk()
    {
        var schedule = Make(options => options with { Sync = SqliteSync.Interval, SyncInterval = TimeSpan.FromSeconds(1) });
        Assert.Equal((false, -1), (schedule.IsDue, schedule.Remaining));
        _clock.Advance(TimeSpan.FromSeconds(5));
        schedule.Committed(1, synced: false);
        Assert.Equal((false, 1000), (schedule.IsDue, schedule.Remaining));
        _clock.Advance(TimeSpan.FromMilliseconds(600));
        schedule.Committed(1, synced: false);
        Assert.Equal((false, 400), (schedule.IsDue, schedule.Remaining));
        _clock.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal((true, 0), (schedule.IsDue, schedule.Remaining));
        schedule.Committed(1, synced: true);
        Assert.Equal((false, -1), (schedule.IsDue, schedule.Remaining));
        // What changes alone would have to say has no say here.
        schedule.Committed(1_000_000, synced: false);
        Assert.False(schedule.IsDue);
    }

    [Fact]
    public void Autosave_ByTime_IgnoresChanges()
    {
        var schedule = Make(options => options with { Sync = SqliteSync.Autosave, AutosaveInterval = TimeSpan.FromSeconds(1800) });
        schedule.Committed(1_000_000, synced: false);
        Assert.Equal((false, 1_800_000), (schedule.IsDue, schedule.Remaining));
        _clock.Advance(TimeSpan.FromSeconds(1800));
        Assert.Equal((true, 0), (schedule.IsDue, schedule.Remaining));
    }

    [Fact]
    public void Autosave_OnChanges_IgnoresTime()
    {
        var schedule = Make(options => options with { Sync = SqliteSync.Autosave, AutosaveInterval = TimeSpan.Zero, AutosaveChanges = 3 });
        schedule.Committed(2, synced: false);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal((false, -1), (schedule.IsDue, schedule.Remaining));
        schedule.Committed(1, synced: false);
        Assert.Equal((true, 0), (schedule.IsDue, schedule.Remaining));
        schedule.Committed(0, synced: true);
        schedule.Committed(2, synced: false);
        Assert.False(schedule.IsDue);
    }

    [Fact]
    public void Autosave_OfZero_NeverSyncsByItself()
    {
        var schedule = Make(options => options with { Sync = SqliteSync.Autosave, AutosaveInterval = TimeSpan.Zero });
        schedule.Committed(1000, synced: false);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal((false, -1), (schedule.IsDue, schedule.Remaining));
    }

    [Theory]
    [InlineData(SqliteSync.Interval)]
    [InlineData(SqliteSync.Autosave)]
    public async Task Store_ThatNothingMoreComesTo_IsSyncedWhenTheTimeIsOverAndOnce(SqliteSync sync)
    {
        await using var world = await StoreWorld.StartAsync(options => options with
        {
            Sync = sync,
            SyncInterval = TimeSpan.FromHours(1),
            AutosaveInterval = TimeSpan.FromHours(1),
            Time = _clock,
        });
        world.Append(1);
        // In the file, not on the disk: it is acknowledged all the same.
        await world.DurableAsync();
        await world.Store.FlushAsync();
        Assert.Equal(0, await SyncsAsync(world));
        _clock.Advance(TimeSpan.FromMinutes(59));
        await world.Store.FlushAsync();
        Assert.Equal(0, await SyncsAsync(world));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await world.Store.FlushAsync();
        await Wait.UntilAsync(() => SyncsAsync(world).Result == 1, "the sync");
        _clock.Advance(TimeSpan.FromHours(5));
        await world.Store.FlushAsync();
        await world.Store.FlushAsync();
        Assert.Equal(1, await SyncsAsync(world));
    }

    [Fact]
    public async Task Store_ThatCountsChanges_IsSyncedByTheCommitThatFollowsThem()
    {
        await using var world = await StoreWorld.StartAsync(options => options with { Sync = SqliteSync.Autosave, AutosaveInterval = TimeSpan.Zero, AutosaveChanges = 100, Time = _clock });
        for (var number = 1; number <= 50; number++) world.Append(number, number);
        await world.Store.FlushAsync();
        _clock.Advance(TimeSpan.FromHours(5));
        await world.Store.FlushAsync();
        Assert.Equal(0, await SyncsAsync(world));
        for (var number = 51; number <= 150; number++) world.Append(number, number);
        await world.Store.FlushAsync();
        await Wait.UntilAsync(() => SyncsAsync(world).Result == 1, "the sync");
    }

    // Syncs of what was committed before without one.
    private static async Task<long> SyncsAsync(StoreWorld world)
    {
        long syncs = 0;
        await world.Store.Writer.RunAsync(file => syncs = file.Connection.QueryInteger("SELECT value FROM meta WHERE name='syncs'"));
        return syncs;
    }

    private SyncSchedule Make(Func<SqliteStoreOptions, SqliteStoreOptions> change) => new(change(new SqliteStoreOptions { Path = "unused", Time = _clock }));
}
