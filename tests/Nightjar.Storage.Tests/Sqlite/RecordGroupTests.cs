using Nightjar.Storage.Sqlite.Log;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>What a thread says in a group is taken together.</summary>
public sealed class RecordGroupTests
{
    [Fact]
    public async Task Take_WhileAGroupIsOpen_WaitsForItsEnd()
    {
        using var log = new RecordLog(1 << 20, stripes: 2);
        using var begun = new SemaphoreSlim(0);
        using var end = new SemaphoreSlim(0);
        var speaker = new Thread(() =>
        {
            log.BeginGroup();
            log.BeginGroup();
            Add(log);
            log.EndGroup();
            begun.Release();
            end.Wait();
            Add(log);
            log.EndGroup();
        });
        speaker.Start();
        await begun.WaitAsync();
        var take = Task.Run(() =>
        {
            var lists = new Chunk?[log.StripeCount];
            var ticket = log.Take(lists);
            foreach (var list in lists) log.Return(list);
            return ticket;
        });
        Assert.False(SpinWait.SpinUntil(() => take.IsCompleted, 30));
        end.Release();
        Assert.Equal(2, await take);
        speaker.Join();
    }

    [Fact]
    public async Task Take_AmongManyGroups_FindsAMomentWithout_AndCutsNone()
    {
        using var log = new RecordLog(64 << 20, stripes: 2);
        var isOver = false;
        Task[] speakers =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    log.BeginGroup();
                    Add(log);
                    Add(log);
                    log.EndGroup();
                }
            })),
        ];
        var lists = new Chunk?[log.StripeCount];
        for (var i = 0; i < 2000; i++)
        {
            var before = log.LastTicket;
            var ticket = log.Take(lists);
            Assert.True(ticket >= before);
            // Groups of two: a ticket that is odd would be the first of one.
            Assert.Equal(0, ticket % 2);
            foreach (var list in lists) log.Return(list);
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(speakers);
    }

    private static unsafe void Add(RecordLog log)
    {
        var stripe = log.Stripe;
        lock (stripe.Gate) Assert.True(stripe.TryAdd(0) is not null);
    }
}
