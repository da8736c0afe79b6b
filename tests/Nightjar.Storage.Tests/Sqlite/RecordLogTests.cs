using Nightjar.Storage.Sqlite.Log;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Many threads append, one reads: everything arrives once and in the order of the tickets.</summary>
public sealed class RecordLogTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Records_OfManyThreads_AreReadInTheOrderOfTheirTickets(int stripes)
    {
        const int threads = 6;
        const int each = 30_000;
        using var log = new RecordLog(1L << 30, stripes);
        var cursors = new RecordCursors(log.StripeCount);
        var running = Enumerable.Range(0, threads).Select(index => Start(log, index, each)).ToArray();
        var last = new long[threads];
        long ticket = 0;
        while (ticket < threads * each)
        {
            log.Wait(ticket, 10);
            var newest = log.Take(cursors.Lists);
            cursors.Begin();
            Read(cursors, last, ref ticket);
            Assert.Equal(newest, ticket);
            cursors.ReturnTo(log);
        }

        foreach (var thread in running) thread.Join();
        Assert.All(last, number => Assert.Equal(each, number));
        Assert.Equal(0, log.Held);
    }

    private static unsafe void Read(RecordCursors cursors, long[] last, ref long ticket)
    {
        for (var record = cursors.Next(); record is not null; record = cursors.Next())
        {
            Assert.Equal(ticket + 1, record->Ticket);
            ticket = record->Ticket;
            Assert.Equal(last[record->Session] + 1, record->Number);
            last[record->Session] = record->Number;
            Assert.Equal((byte)record->Number, *(RecordHeader.Extra(record) + record->ExtraLength - 1));
        }
    }

    private static Thread Start(RecordLog log, int index, int each)
    {
        var thread = new Thread(() =>
        {
            for (var number = 1; number <= each; number++) Add(log, index, number);
        });
        thread.Start();
        return thread;
    }

    private static unsafe void Add(RecordLog log, int index, int number)
    {
        var stripe = log.Stripe;
        lock (stripe.Gate)
        {
            // Now and then one that is larger than a chunk.
            var length = number % 5000 == 0 ? 200_000 : 1 + (number % 300);
            var header = stripe.TryAdd(length);
            header->Session = index;
            header->Number = number;
            header->ExtraLength = length;
            *(RecordHeader.Extra(header) + length - 1) = (byte)number;
        }

        log.Wake();
    }
}
