using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Messages under way in both directions that are never acknowledged.</summary>
public sealed class ReceiveMaximumTests
{
    [Theory]
    [InlineData(65_535, 20)]
    [InlineData(7, 7)]
    [InlineData(0, 20)]
    public void Subscriber_ThatNeverAcknowledges_GetsTheSmallerLimit(int announced, int expected)
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumQueuedMessages = 100 });
        var stuck = broker.Connect("stuck", receiveMaximum: (ushort)announced);
        stuck.Subscribe("t", QualityOfService.ExactlyOnce);
        var publisher = broker.Connect("p", ProtocolVersion.Mqtt311);
        for (var i = 1; i <= 500; i++)
            publisher.Feed(WirePackets.Publish(publisher.Version, "t", "x", i % 2 == 0 ? QualityOfService.AtLeastOnce : QualityOfService.ExactlyOnce, (ushort)i));
        Assert.Equal(Enumerable.Range(1, expected), Ids(stuck));
        var session = broker.Broker.Session("stuck");
        Assert.Equal((expected, 100), (session.InflightCount, session.QueuedCount));
        Assert.Equal(400 - expected, session.Dropped);
    }

    [Fact]
    public void Window_Of65535_IsFilledWithoutReusingAnIdAndGoesOnWithTheFreeOne()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumInflightMessages = 0, MaximumQueuedMessages = 10, MaximumOutputBufferBytes = int.MaxValue });
        var stuck = broker.Connect("stuck", sessionExpiry: 100);
        stuck.Subscribe("t", QualityOfService.AtLeastOnce);
        var publisher = broker.Connect("p", ProtocolVersion.Mqtt311);
        var publish = WirePackets.Publish(publisher.Version, "t", "x", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 65_535 + 20; i++) publisher.Feed(publish);
        Assert.Equal(Enumerable.Range(1, 65_535), Ids(stuck));
        Assert.Equal(10, broker.Broker.Session("stuck").Dropped);
        foreach (var id in new ushort[] { 777, 65_535, 1 })
        {
            stuck.Feed(WirePackets.Ack(PacketType.PubAck, id, stuck.Version));
            Assert.Equal([id], Ids(stuck));
        }

        Assert.Equal((65_535, 7), (broker.Broker.Session("stuck").InflightCount, broker.Broker.Session("stuck").QueuedCount));
    }

    [Fact]
    public void Client_AcknowledgingWhatWasNotSentAgain_GetsNoMoreThanItsWindow()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumQueuedMessages = 0 });
        var client = broker.Connect("c", sessionExpiry: 100);
        client.Subscribe("t", QualityOfService.AtLeastOnce);
        var publisher = broker.Connect("p", ProtocolVersion.Mqtt311);
        for (var i = 0; i < 100; i++) publisher.Feed(WirePackets.Publish(publisher.Version, "t", "x", QualityOfService.AtLeastOnce));
        for (var round = 0; round < 10; round++)
        {
            client.Connection.End();
            client = broker.Connect("c", cleanStart: false, sessionExpiry: 100, receiveMaximum: 10);
            var sent = broker.Broker.Session("c").InflightCount;
            for (ushort id = 1; id <= 100; id++)
            {
                if (id % 2 == 0) client.Feed(WirePackets.Ack(PacketType.PubAck, id, client.Version));
            }

            Assert.InRange(broker.Broker.Session("c").InflightCount, 0, Math.Max(20, sent));
        }
    }

    [Fact]
    public async Task Client_ExceedingOurReceiveMaximum_IsClosedWith93()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c");
        for (ushort id = 1; id <= 20; id++)
        {
            await client.PublishAsync("t", "x", QualityOfService.ExactlyOnce, id);
            await client.ExpectAsync($"50 03 {id:X4} 10");
        }

        // A repetition of one under way is not a further one.
        await client.PublishAsync("t", "x", QualityOfService.ExactlyOnce, 20, dup: true);
        await client.ExpectAsync("50 02 00 14");
        await client.PublishAsync("t", "x", QualityOfService.ExactlyOnce, 21);
        await client.ExpectDisconnectAsync(ReasonCode.ReceiveMaximumExceeded);
    }

    [Fact]
    public void Publish_65535OfQoS2WithoutPubRel_IsTakenOnceEach()
    {
        using var broker = new SteppedBroker();
        var watcher = broker.Connect("w");
        watcher.Subscribe("t", QualityOfService.AtMostOnce);
        var client = broker.Connect("c", ProtocolVersion.Mqtt311);
        for (var round = 0; round < 2; round++)
        {
            for (var id = 1; id <= 65_535; id++)
            {
                // A step that is prime to 65 535 visits every id, far from the order in which a table would like them.
                var packetId = (ushort)((id * 32_768L % 65_535) + 1);
                client.Feed(WirePackets.Publish(client.Version, "t", "x", QualityOfService.ExactlyOnce, packetId));
                Assert.Equal(new byte[] { 0x50, 2, (byte)(packetId >> 8), (byte)packetId }, client.Connection.Sent.ToArray());
                client.Connection.ClearSent();
            }

            watcher.Answer();
            Assert.Equal(65_535, watcher.Received);
        }

        Assert.Equal(65_535, broker.Broker.Session("c").ReceivedIdCount);
        client.Feed(WirePackets.Ack(PacketType.PubRel, 4711, client.Version));
        Assert.Equal(new byte[] { 0x70, 2, 4711 >> 8, 4711 & 0xFF }, client.Connection.Sent.ToArray());
        client.Connection.ClearSent();
        client.Feed(WirePackets.Publish(client.Version, "t", "x", QualityOfService.ExactlyOnce, 4711));
        watcher.Answer();
        Assert.Equal(65_536, watcher.Received);
    }

    private static int[] Ids(SteppedClient client)
    {
        var ids = new List<int>();
        var sent = client.Connection.Sent;
        while (sent.Length > 0)
        {
            Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(sent, int.MaxValue, out var frame, out _));
            Assert.True(PublishPacket.TryRead(frame, client.Version, PacketDirection.ToClient, out var publish, out _));
            ids.Add(publish.PacketId);
            sent = sent[frame.Length..];
        }

        client.Connection.ClearSent();
        return [.. ids];
    }
}
