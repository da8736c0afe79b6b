using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Writing;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>What becomes of a delivery while its record is open is noted there, and nothing of it is lost or doubled when the record is not.</summary>
public sealed class OpenRecordsTests
{
    [Fact]
    public async Task Deliveries_ThatAreOverWhileOpen_WriteNothing()
    {
        await using var world = await StoreWorld.StartAsync();
        var before = world.Stores.Monitor!.Counters;
        await using (await world.HoldAsync())
        {
            for (var number = 1; number <= 500; number++)
            {
                world.Append(number, number);
                var place = world.Speaker.PlaceOf("s", number);
                world.Speaker.Note(world.Stores.Messages.MarkSent(world.Session, number, (ushort)number, place));
                Assert.Equal(place.Ticket, world.Stores.Messages.Complete(world.Session, number, place));
            }

            Assert.True(world.Store.Log.IsVoid);
        }

        await world.DurableAsync();
        var after = world.Stores.Monitor!.Counters;
        Assert.Equal((before.Rows, before.Commits), (after.Rows, after.Commits));
        Assert.Equal(1000, after.AbsorbedRows - before.AbsorbedRows);
        Assert.DoesNotContain("delivery", world.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_OfADeliveryThatIsOver_IsThereForTheOthers()
    {
        await using var world = await StoreWorld.StartAsync();
        world.Speaker.Save("other");
        await using (await world.HoldAsync())
        {
            world.Append(1, 7);
            world.Speaker.Append("other", 7, new DeliveryRecord(1, QualityOfService.AtLeastOnce, false, 0, null, null, null));
            world.Speaker.Note(world.Stores.Messages.Complete(world.Session, 1, world.Speaker.PlaceOf("s", 1)));
            world.Append(2, 8);
            var place = world.Speaker.PlaceOf("s", 2);
            world.Speaker.Note(world.Stores.Messages.MarkSent(world.Session, 2, 21, place));
            world.Speaker.Note(world.Stores.Messages.MarkReceived(world.Session, 2, 21, place));
        }

        await world.DurableAsync();
        Assert.Equal((1, 2), (await world.Store.CountAsync("message"), await world.Store.CountAsync("delivery")));
        world.Kill();
        var text = world.Describe();
        Assert.Contains("delivery other 1 AtLeastOnce False 0 [] - - Queued 0 of topic/7", text, StringComparison.Ordinal);
        Assert.Contains("delivery s 2 AtLeastOnce False 0 [] - - Received 21 of gone", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliveries_SentAtOnceAndOverTogether_EndWhetherOpenOrNot()
    {
        await using var world = await StoreWorld.StartAsync();
        var messages = world.Stores.Messages;
        var places = new StorePlace[5];
        AppendSent(1);
        AppendSent(2);
        await world.Store.FlushAsync();
        await using (await world.HoldAsync())
        {
            AppendSent(3);
            AppendSent(4);
            messages.Complete(world.Session, [new CompletedDelivery(1, places[1]), new CompletedDelivery(3, places[3])]);
        }

        await world.Store.FlushAsync();
        world.Kill();
        var text = world.Describe();
        Assert.Contains("delivery s 2 AtLeastOnce False 0 [] - - Sent 32 of topic/2", text, StringComparison.Ordinal);
        Assert.Contains("delivery s 4 AtLeastOnce False 0 [] - - Sent 34 of topic/4", text, StringComparison.Ordinal);
        Assert.DoesNotContain("delivery s 1 ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("delivery s 3 ", text, StringComparison.Ordinal);

        void AppendSent(int number)
        {
            var message = StoreSpeaker.Message($"topic/{number}", new byte[50]);
            var record = new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null);
            Assert.Equal(messages.AppendSent(world.Session, message, record, (ushort)(30 + number), out places[number]), places[number].Ticket);
        }
    }

    [Fact]
    public async Task Deliveries_OfManyThreads_EndOnceWhetherOpenOrNot()
    {
        const int threads = 4;
        const int each = 20_000;
        await using var world = await StoreWorld.StartAsync();
        var claims = Enumerable.Range(0, threads).Select(index => world.Speaker.Claim($"t{index}")).ToArray();
        for (var index = 0; index < threads; index++) world.Speaker.Save($"t{index}");
        var messages = world.Stores.Messages;
        var running = claims.Select((claim, index) => Task.Factory.StartNew(
            () =>
            {
                var message = StoreSpeaker.Message($"topic/{index}", new byte[50]);
                var places = new StorePlace[each + 1];
                for (var number = 1; number <= each; number++)
                {
                    message.StoreId = 0;
                    messages.Append(claim, message, new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null), out places[number]);
                    messages.MarkSent(claim, number, (ushort)number, places[number]);
                    // Some are over at once, some when they have long been written; every tenth stays.
                    if (number % 2 == 0 && number % 10 != 0) messages.Complete(claim, number, places[number]);
                    if (number > 500 && (number - 500) % 2 == 1) messages.Complete(claim, number - 500, places[number - 500]);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        await Task.WhenAll(running).WaitAsync(Wait.Guard);
        await world.Store.FlushAsync();
        const long left = threads * ((each / 10) + (500 / 2));
        Assert.Equal((left, left), (await world.Store.CountAsync("delivery"), await world.Store.CountAsync("message")));
        Assert.Equal(0, world.Store.Log.Held);
    }

    [Fact]
    public void Records_AreHandedOver_WhenTheyAreOldEnough()
    {
        using var log = new RecordLog(1L << 30, 2);
        var open = new OpenRecords(log.StripeCount);
        var lists = new Chunk?[log.StripeCount];
        Add(log);
        open.Add(log);
        Assert.False(open.TryTake(log, TimeSpan.FromDays(1), lists, out _));
        Assert.True(log.IsOpen(1));
        Add(log);
        open.Add(log);
        Assert.True(open.TryTake(log, TimeSpan.Zero, lists, out var ticket));
        Assert.Equal(2, ticket);
        Assert.False(log.IsOpen(2));
        Assert.False(open.TryTake(log, TimeSpan.Zero, lists, out _));
        foreach (var list in lists) log.Return(list);
        Assert.Equal(0, log.Held);
    }

    [Fact]
    public void Records_OfAWriterThatIsLate_AreHandedOverBeforeTheirTime()
    {
        using var log = new RecordLog(1L << 30, 1);
        var open = new OpenRecords(log.StripeCount);
        var lists = new Chunk?[1];
        var count = 0;
        for (var isTaken = false; !isTaken; count++)
        {
            Assert.True(count < 1000);
            Add(log);
            open.Add(log);
            isTaken = open.TryTake(log, TimeSpan.FromDays(1), lists, out _);
        }

        log.Return(lists[0]);
        open.Clear(log);
        Assert.Equal(0, log.Held);
    }

    [Fact]
    public async Task Linger_EndsWhenTheLastOpenRecordIsVoid()
    {
        using var log = new RecordLog(1L << 30, 2);
        Add(log);
        Add(log);
        var lingering = Task.Factory.StartNew(() => log.Linger(-1), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Void(log);
        Assert.False(log.IsVoid);
        Void(log);
        Assert.True(log.IsVoid);
        await lingering.WaitAsync(Wait.Guard);
    }

    private static unsafe void Add(RecordLog log)
    {
        var stripe = log.Stripe;
        lock (stripe.Gate)
        {
            var header = stripe.TryAdd(0);
            Assert.True(header is not null);
        }
    }

    private static void Void(RecordLog log)
    {
        var stripe = log.Stripe;
        lock (stripe.Gate) stripe.Voided++;
        log.WakeIfVoid();
    }
}
