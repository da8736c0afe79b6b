using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Sqlite;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>When something counts as durable, and what need not be written for that.</summary>
public sealed class DurabilityTests
{
    [Theory]
    [InlineData(SqliteSync.Always)]
    [InlineData(SqliteSync.Interval)]
    public async Task Ticket_IsDurable_WhenItsCommitIsDoneAndNotBefore(SqliteSync sync)
    {
        await using var world = await StoreWorld.StartAsync(options => options with { Sync = sync });
        var told = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Stores.Messages.OnDurable(ticket =>
        {
            if (ticket >= world.Speaker.Ticket) told.TrySetResult(ticket);
        });
        await using (await world.HoldAsync())
        {
            world.Append(1);
            Assert.True(world.Stores.Messages.DurableTicket < world.Speaker.Ticket);
            Assert.False(told.Task.IsCompleted);
        }

        Assert.Equal(world.Speaker.Ticket, await told.Task.WaitAsync(Wait.Guard));
        Assert.Equal(world.Speaker.Ticket, world.Stores.Messages.DurableTicket);
        world.Kill();
        Assert.Contains("delivery s 1 ", world.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Autosave_MakesNobodyWait_AndTheFileFollows()
    {
        await using var world = await StoreWorld.StartAsync(options => options with { Sync = SqliteSync.Autosave });
        await using (await world.HoldAsync())
        {
            world.Append(1);
            Assert.True(world.Stores.Messages.DurableTicket >= world.Speaker.Ticket);
            Assert.True(world.Stores.Messages.DurableTicket < IMessageStore.Refused);
        }

        await world.DurableAsync();
        world.Kill();
        Assert.Contains("delivery s 1 ", world.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_OfWhatIsOver_WritesNothing()
    {
        await using var world = await StoreWorld.StartAsync();
        var before = world.Stores.Monitor!.Counters;
        await using (await world.HoldAsync())
        {
            for (var number = 1; number <= 500; number++)
            {
                world.Append(number, number);
                world.Speaker.Note(world.Stores.Messages.MarkSent(world.Session, number, (ushort)number));
                world.Complete(number);
            }
        }

        await world.DurableAsync();
        var after = world.Stores.Monitor!.Counters;
        Assert.Equal((before.Rows, before.Commits), (after.Rows, after.Commits));
        Assert.Equal(1000, after.AbsorbedRows - before.AbsorbedRows);
        Assert.Equal("", string.Join('\n', world.Describe().Split('\n').Where(line => line.StartsWith("delivery", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Batch_WritesTheLastStateOnly()
    {
        await using var world = await StoreWorld.StartAsync();
        await using (await world.HoldAsync())
        {
            for (var number = 1; number <= 3; number++) world.Append(number, number);
            world.Speaker.Note(world.Stores.Messages.MarkSent(world.Session, 1, 10));
            world.Speaker.Note(world.Stores.Messages.MarkSent(world.Session, 2, 11));
            world.Speaker.Note(world.Stores.Messages.MarkReceived(world.Session, 2, 11));
            for (var times = 0; times < 20; times++) world.Speaker.Note(world.Stores.Retained.Set(StoreSpeaker.Message("r", [(byte)times])));
            for (var times = 0; times < 20; times++) world.Speaker.Save("s", (uint)times);
        }

        await world.DurableAsync();
        // Three deliveries, two messages, one retained message, one session; and the session of the start.
        Assert.Equal(8, world.Stores.Monitor!.Counters.Rows);
        world.Kill();
        var text = world.Describe();
        Assert.Contains("delivery s 1 AtLeastOnce False 0 [] - - Sent 10 of", text, StringComparison.Ordinal);
        Assert.Contains("delivery s 2 AtLeastOnce False 0 [] - - Received 11 of gone", text, StringComparison.Ordinal);
        Assert.Contains("delivery s 3 AtLeastOnce False 0 [] - - Queued 0 of", text, StringComparison.Ordinal);
        Assert.Contains("ExpiryInterval = 19", text, StringComparison.Ordinal);
        Assert.Contains("retained r  13 ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DroppedSession_WithALongQueue_LeavesNothing()
    {
        await using var world = await StoreWorld.StartAsync();
        const int count = 10_000;
        for (var number = 1; number <= count; number++) world.Append(number, number);
        world.Speaker.Save("other");
        world.Speaker.Append("other", 1, new DeliveryRecord(1, QualityOfService.AtLeastOnce, false, 0, null, null, null));
        await world.DurableAsync();
        Assert.Equal(count + 1, await world.Store.CountAsync("delivery"));
        world.Speaker.Drop("s");
        world.Speaker.Save("s");
        await world.Store.FlushAsync();
        // Killed before all of it is deleted, or after: the new session has nothing of the old one.
        world.Kill();
        Assert.Single(world.Describe().Split('\n'), line => line.StartsWith("delivery", StringComparison.Ordinal));
        await Wait.UntilAsync(() => world.Store.CountAsync("delivery").Result == 1, "the deliveries to be deleted");
        Assert.Equal(1, await world.Store.CountAsync("message"));
    }

    [Fact]
    public async Task Append_AndWhatFollows_AllocateNothing()
    {
        await using var world = await StoreWorld.StartAsync();
        var message = StoreSpeaker.Message("topic", new byte[100], "publisher", expiresAt: 1_000_000);
        var session = world.Session;
        var messages = world.Stores.Messages;
        long number = 0;
        Allocation.AssertNone(() =>
        {
            for (var times = 0; times < 2000; times++)
            {
                message.StoreId = 0;
                messages.Append(session, message, new DeliveryRecord(++number, QualityOfService.ExactlyOnce, false, 7, null, null, null), out var place);
                if (times % 2 == 0) place = default;
                messages.MarkSent(session, number, 1, place);
                messages.MarkReceived(session, number, 1, place);
                messages.Complete(session, number, place);
                messages.AddReceivedId(session, 1);
                messages.RemoveReceivedId(session, 1);
            }
        });
    }
}
