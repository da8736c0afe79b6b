using Nightjar.Broker.Messages;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Protocol;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Performance;

/// <summary>What two threads and real sockets bring that one thread does not: messages kept here and let go there, and windows that fill up and run
/// empty. None of it makes garbage.</summary>
[Collection(MeasuredAlone.Name)]
[Trait("Measures", "optimised code")]
public sealed class BurstAllocationTests
{
    private const int Burst = 1024;
    private const int Rounds = 40;

    [Fact]
    public void MessagePool_WhereOneThreadKeepsAndAnotherLetsGo_AllocatesNothing()
    {
        var pool = new MessagePool();
        var messages = new PublishedMessage[Burst];
        using var turns = new Barrier(2);
        var keeping = new long[Rounds];
        var keeper = new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < Burst; i++) messages[i] = pool.Rent(1);
                keeping[round] = GC.GetAllocatedBytesForCurrentThread() - before;
                turns.SignalAndWait();
                turns.SignalAndWait();
            }
        })
        { IsBackground = true };
        keeper.Start();
        var lettingGo = new long[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            turns.SignalAndWait();
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var message in messages) pool.Return(message, 1);
            lettingGo[round] = GC.GetAllocatedBytesForCurrentThread() - before;
            turns.SignalAndWait();
        }

        keeper.Join();
        Assert.Equal(0, pool.Outstanding);
        // The smallest of the later rounds: see Allocation about what a collection does to the counter.
        Assert.Equal(0, keeping.Skip(Rounds / 2).Min());
        Assert.Equal(0, lettingGo.Skip(Rounds / 2).Min());
    }

    [Fact]
    public void InflightWindow_ThatFillsUpAndRunsEmpty_AllocatesNothing()
    {
        var window = new InflightWindow();
        var delivery = new Delivery { Message = PublishedMessage.Unpooled(new Publication(new MessagePool()) { TopicName = "t"u8 }) };
        var ids = new ushort[Burst];
        void FillUpAndRunEmpty()
        {
            for (var i = 0; i < Burst; i++)
            {
                delivery.Message.AddReference();
                ids[i] = window.Add(delivery, InflightState.AwaitingPubAck).PacketId;
            }

            foreach (var id in ids) window.Remove(ref window.Find(id, out _));
        }

        FillUpAndRunEmpty();
        Allocation.AssertNone(FillUpAndRunEmpty);
        Assert.Equal((0, 0L), (window.Count, window.Bytes));
    }

    [Fact]
    public void PacketIdSet_ThatFillsUpAndRunsEmpty_AllocatesNothing()
    {
        var set = new PacketIdSet();
        var strays = 0;
        void FillUpAndRunEmpty()
        {
            for (var id = 1; id <= Burst; id++) strays += set.Add((ushort)id) ? 0 : 1;
            for (var id = 1; id <= Burst; id++) strays += set.Remove((ushort)id) ? 0 : 1;
        }

        FillUpAndRunEmpty();
        Allocation.AssertNone(FillUpAndRunEmpty);
        Assert.Equal(0, strays);
        Assert.Equal(0, set.Count);
    }

    [Fact]
    public void MessageQueue_ThatFillsUpAndRunsEmpty_AllocatesNothing()
    {
        var pool = new MessagePool();
        var memory = new MemoryAccount(pool);
        var queue = new MessageQueue(memory);
        var message = pool.Rent(1);
        var held = memory.Held;
        var strays = 0;
        void FillUpAndRunEmpty()
        {
            for (var i = 0; i < Burst; i++) queue.Enqueue(new Delivery { Message = message, QoS = QualityOfService.AtLeastOnce, Number = i });
            for (var i = 0; i < Burst; i++) strays += queue.Dequeue().Number == i ? 0 : 1;
        }

        FillUpAndRunEmpty();
        Allocation.AssertNone(FillUpAndRunEmpty);
        Assert.Equal(0, strays);
        Assert.Equal(held, memory.Held);
    }
}
