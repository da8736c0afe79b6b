using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Disks that fail and come back, and disks that are too slow.</summary>
public sealed class StoreFaultTests
{
    [Theory]
    [InlineData(SqliteSync.Always)]
    [InlineData(SqliteSync.Interval)]
    [InlineData(SqliteSync.Autosave)]
    public async Task Failure_HoldsTicketsBack_UntilTheDiskIsThereAgain(SqliteSync sync)
    {
        await using var world = await StoreWorld.StartAsync(options => options with { Sync = sync });
        var changes = new List<string?>();
        world.Condition.OnChanged(changes.Add);
        var before = world.Store.Progress.Durable;
        world.Break(new SqliteException(SqliteNative.Full, "the disk is full"));
        world.Append(1);
        await Wait.UntilAsync(() => world.Condition.IsFailed, "the failure to be known");
        Assert.Equal("the disk is full", world.Condition.Failure);
        // What comes meanwhile is taken, in order.
        world.Append(2, 2);
        world.Append(3, 3);
        world.Complete(1);
        Assert.Equal(before, world.Store.Progress.Durable);

        world.Break(null);
        await world.DurableAsync();
        await Wait.UntilAsync(() => !world.Condition.IsFailed, "the recovery to be known");
        Assert.Equal(["the disk is full", null], changes);
        world.Kill();
        var deliveries = world.Describe().Split('\n').Where(line => line.StartsWith("delivery", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, deliveries.Length);
        Assert.StartsWith("delivery s 2 ", deliveries[0], StringComparison.Ordinal);
        Assert.StartsWith("delivery s 3 ", deliveries[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task FullFile_IsAFailure_AndWhatWasCutShortIsWrittenAnew()
    {
        await using var world = await StoreWorld.StartAsync();
        world.Append(1);
        await world.DurableAsync();
        // The limit is of the connection: the next one has none.
        await world.Store.Writer.RunAsync(file => file.Connection.QueryInteger("PRAGMA max_page_count=1"));
        for (var number = 2; number <= 2000; number++) world.Append(number, number);
        await world.DurableAsync();
        world.Kill();
        Assert.Equal(2000, world.Describe().Split('\n').Count(line => line.StartsWith("delivery", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task PagesAndJobs_WhileTheDiskFails_FailAtOnce()
    {
        await using var world = await StoreWorld.StartAsync();
        world.Break(new SqliteException(SqliteNative.IoError, "no disk"));
        world.Append(1);
        await Wait.UntilAsync(() => world.Condition.IsFailed, "the failure to be known");
        var page = await PageCollector.LoadAsync(world.Stores, world.Session, -1);
        Assert.True(page.IsFailed);
        Assert.Equal(-1, page.LastNumber);
        await Assert.ThrowsAnyAsync<IOException>(() => world.Store.CheckpointAsync().WaitAsync(Wait.Guard));
        world.Break(null);
        await world.DurableAsync();
        page = await PageCollector.LoadAsync(world.Stores, world.Session, -1);
        Assert.Equal([1], page.Numbers);
    }

    [Fact]
    public async Task Checkpoint_ThatFails_IsToldToWhoAsked_AndTheStoreGoesOn()
    {
        var broken = false;
        await using var world = await StoreWorld.StartAsync(options => options with
        {
            Fault = step =>
            {
                if (Volatile.Read(ref broken) && step == StoreStep.Checkpoint) throw new SqliteException(SqliteNative.IoError, "no sync");
            },
        });
        world.Append(1);
        await world.DurableAsync();
        Volatile.Write(ref broken, true);
        await Assert.ThrowsAnyAsync<IOException>(() => world.Store.CheckpointAsync());
        Volatile.Write(ref broken, false);
        await world.Store.CheckpointAsync();
        world.Append(2, 2);
        await world.DurableAsync();
    }

    [Fact]
    public async Task Close_WhileTheDiskFails_SaysSo()
    {
        await using var world = await StoreWorld.StartAsync();
        world.Break(new SqliteException(SqliteNative.IoError, "no disk"));
        world.Append(1);
        await Wait.UntilAsync(() => world.Condition.IsFailed, "the failure to be known");
        var error = await Assert.ThrowsAsync<IOException>(() => world.Store.DisposeAsync().AsTask());
        Assert.Contains("no disk", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MoreThanTheDiskTakes_IsAFailure_ThenRefused_AndOverWhenItIsWritten()
    {
        await using var world = await StoreWorld.StartAsync(options => options with { MemoryLimit = 1 << 20 });
        var message = StoreSpeaker.Message("t", new byte[10_000]);
        long last = 0;
        await using (await world.HoldAsync())
        {
            long number = 0;
            for (long ticket = 0; ticket != IMessageStore.Refused; number++)
            {
                Assert.True(number < 1000);
                message.StoreId = 0;
                ticket = world.Stores.Messages.Append(world.Session, message, new DeliveryRecord(number + 1, QualityOfService.AtLeastOnce, false, 0, null, null, null));
                if (ticket != IMessageStore.Refused) last = ticket;
            }

            await Wait.UntilAsync(() => world.Condition.IsFailed, "the overrun to be known");
            Assert.Contains("wait for the disk", world.Condition.Failure, StringComparison.Ordinal);
            Assert.InRange(number * message.Size, 1 << 20, 2 << 20);
        }

        await Wait.UntilAsync(() => world.Store.Progress.Durable >= last && !world.Condition.IsFailed, "all to be written");
        message.StoreId = 0;
        Assert.NotEqual(IMessageStore.Refused, world.Stores.Messages.Append(world.Session, message, new DeliveryRecord(5000, QualityOfService.AtLeastOnce, false, 0, null, null, null)));
    }
}
