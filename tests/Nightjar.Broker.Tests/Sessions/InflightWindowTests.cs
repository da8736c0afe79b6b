using System.Text;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Sessions;
using Xunit;

namespace Nightjar.Broker.Tests.Sessions;

public sealed class InflightWindowTests
{
    private static readonly MessagePool s_pool = new();

    /// <summary>Grows far beyond what it keeps when it is empty, and empties, again and again.</summary>
    [Fact]
    public void Window_UnderRandomChanges_HoldsWhatADictionaryHolds()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var window = new InflightWindow();
        var expected = new Dictionary<ushort, (long Number, InflightState State, int Size)>();
        long number = 0;
        for (var step = 0; step < 60_000; step++)
        {
            var growing = step / 3000 % 2 == 0 && expected.Count < 2500;
            if (expected.Count == 0 || (growing && random.Next(8) != 0))
            {
                var delivery = new Delivery { Message = Message(random.Next(50)), Number = ++number };
                var next = window.NextId();
                var id = window.Add(delivery, InflightState.AwaitingPubRec).PacketId;
                Assert.Equal(next, id);
                Assert.True(id != 0 && expected.TryAdd(id, (number, InflightState.AwaitingPubRec, delivery.Message.Size)), $"seed {seed}, step {step}: id {id}");
                continue;
            }

            // Acknowledged out of order, and ids that are not in flight asked for.
            var asked = (ushort)random.Next(1, 65_536);
            if (random.Next(16) != 0) asked = random.Next(2) == 0 ? expected.Keys.First() : expected.Keys.Skip(random.Next(Math.Min(20, expected.Count))).First();
            ref var entry = ref window.Find(asked, out var found);
            Assert.True(found == expected.TryGetValue(asked, out var model), $"seed {seed}, step {step}: id {asked}");
            if (!found) continue;
            Assert.Equal((model.Number, model.State), (entry.Delivery.Number, entry.State));
            if (entry.State == InflightState.AwaitingPubRec && random.Next(2) == 0)
            {
                window.ReleaseMessage(ref entry);
                entry.State = InflightState.AwaitingPubComp;
                expected[asked] = (model.Number, InflightState.AwaitingPubComp, 0);
            }
            else
            {
                window.Remove(ref entry);
                expected.Remove(asked);
            }

            Assert.Equal((expected.Count, expected.Values.Sum(each => (long)each.Size)), (window.Count, window.Bytes));
            if (step % 500 == 0) Assert.Equal(expected.OrderBy(each => each.Value.Number).Select(each => each.Key), window.CopyInOrder());
        }
    }

    [Fact]
    public void LargeTable_IsKeptForThoseWhoNeedItAgain_AndGivenBackWhenLittleIsNeeded()
    {
        var window = new InflightWindow();
        void Use(int count)
        {
            var ids = new ushort[count];
            for (var i = 0; i < count; i++) ids[i] = window.Add(new Delivery { Message = Message(1), Number = i }, InflightState.AwaitingPubAck).PacketId;
            foreach (var id in ids) window.Remove(ref window.Find(id, out _));
        }

        Use(4000);
        Use(3000);
        Assert.Equal(4096, window.Capacity);
        Use(1);
        Assert.Equal(64, window.Capacity);
        Use(4000);
        Assert.Equal(4096, window.Capacity);
    }

    [Fact]
    public void TryRestore_OfIdsThatShareAPlace_KeepsAllOfThem()
    {
        var window = new InflightWindow();
        ushort[] ids = [5, 5 + 16, 5 + 32, 5 + 512, 5 + 1024, 40_000];
        for (var i = 0; i < ids.Length; i++)
            Assert.True(window.TryRestore(new Delivery { Message = Message(i), Number = i }, InflightState.AwaitingPubAck, ids[i]));
        Assert.False(window.TryRestore(new Delivery { Message = Message(1) }, InflightState.AwaitingPubAck, 5));
        Assert.Equal(ids, window.CopyInOrder());
        foreach (var id in ids)
        {
            ref var entry = ref window.Find(id, out var found);
            Assert.True(found);
            window.Remove(ref entry);
        }

        Assert.Equal((0, 0L), (window.Count, window.Bytes));
        Assert.Equal(40_001, window.Add(new Delivery { Message = Message(1) }, InflightState.AwaitingPubAck).PacketId);
    }

    private static PublishedMessage Message(int size)
    {
        var publication = new Publication(s_pool) { TopicName = "t"u8, Payload = Encoding.UTF8.GetBytes(new string('x', size)) };
        return PublishedMessage.Unpooled(publication);
    }
}
