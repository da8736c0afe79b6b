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
    public async Task MoreThanTheDiskTakes_IsBusyAndNoFailure_ThenRefused_AndOverWhenItIsWritten()
    {
        await using var world = await StoreWorld.StartAsync(options => options with { MemoryLimit = 1 << 20 });
        var message = StoreSpeaker.Message("t", new byte[10_000]);
        var changes = new List<bool>();
        world.Condition.OnBusyChanged(changes.Add);
        long last = 0;
        await using (await world.HoldAsync())
        {
            long number = 0;
            for (long ticket = 0; ticket != IMessageStore.Refused; number++)
            {
                Assert.True(number < 1000);
                ticket = Append(number + 1);
                if (ticket != IMessageStore.Refused) last = ticket;
            }

            await Wait.UntilAsync(() => world.Condition.IsBusy, "the overrun to be known");
            Assert.False(world.Condition.IsFailed);
            Assert.False(world.Condition.CalmAsync().IsCompleted);
            Assert.InRange(number * message.Size, 1 << 20, 2 << 20);
            // What is over is taken all the same, more than fits into the chunk that is begun.
            for (var times = 0; times < 3000; times++)
            {
                last = world.Stores.Messages.Complete(world.Session, (times % number) + 1);
                Assert.NotEqual(IMessageStore.Refused, last);
            }
        }

        await Wait.UntilAsync(() => world.Store.Progress.Durable >= last && !world.Condition.IsBusy, "all to be written");
        Assert.Equal([true, false], changes);
        Assert.Equal(0, await world.Store.CountAsync("delivery"));
        Assert.NotEqual(IMessageStore.Refused, Append(5000));

        long Append(long number)
        {
            message.StoreId = 0;
            return world.Stores.Messages.Append(world.Session, message, new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null));
        }
    }

    [Fact]
    public async Task FailureOfABusyStore_EndsTheWaiting()
    {
        await using var world = await StoreWorld.StartAsync(options => options with { MemoryLimit = 1 << 20 });
        var message = StoreSpeaker.Message("t", new byte[10_000]);
        Task calm;
        await using (await world.HoldAsync())
        {
            for (var number = 1; number <= 150; number++)
            {
                message.StoreId = 0;
                world.Stores.Messages.Append(world.Session, message, new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null));
            }

            await Wait.UntilAsync(() => world.Condition.IsBusy, "the overrun to be known");
            calm = world.Condition.CalmAsync();
            world.Break(new SqliteException(SqliteNative.Full, "the disk is full"));
        }

        await calm.WaitAsync(Wait.Guard);
        Assert.Equal((true, false), (world.Condition.IsFailed, world.Condition.IsBusy));
        world.Break(null);
        await Wait.UntilAsync(() => !world.Condition.IsFailed, "the recovery");
    }
}
