using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>A client that stops reading: its share of memory is bounded, and others lose nothing.</summary>
public sealed class SlowConsumerTests
{
    private const int OutputCap = 65_536;
    private static readonly string Kilobyte = new('x', 1024);

    [Fact]
    public async Task QoS0_ToAClientThatDoesNotRead_IsDroppedAndCountedAndOthersLoseNothing()
    {
        const int Messages = 4000;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumOutputBufferBytes = OutputCap });
        var slow = await broker.ConnectAsync("slow");
        var good = await broker.ConnectAsync("good", ProtocolVersion.Mqtt311);
        var publisher = await broker.ConnectAsync("publisher");
        await slow.SubscribeAsync("t");
        await good.SubscribeAsync("t");
        var session = broker.Broker.Session("slow");
        for (var sent = 0; sent < Messages;)
        {
            // As many at a time as the output of a client that reads takes without dropping.
            for (var i = 0; i < 20; i++) await publisher.PublishAsync("t", $"{sent++:D6}{Kilobyte}");
            for (var i = 20; i > 0; i--) Assert.StartsWith($"{sent - i:D6}", (await good.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
            Assert.InRange(session.Link!.Output.UnsentBytes, 0, OutputCap + 2048);
        }

        await publisher.ExpectNothingAsync();
        Assert.InRange(session.Dropped, 1, Messages - 1);
        Assert.Equal(session.Dropped, broker.Broker.Dropped());
        var last = -1;
        for (var i = session.Dropped; i < Messages; i++)
        {
            var number = int.Parse((await slow.ReceivePublishAsync()).Payload[..6], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(number > last);
            last = number;
        }

        await slow.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task QoS12_ToAClientThatDoesNotRead_FillsItsQueueAndNoMore(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumQueuedMessages = 50 });
        var slow = await broker.ConnectAsync("slow");
        var good = await broker.ConnectAsync("good");
        var publisher = await broker.ConnectAsync("publisher");
        await slow.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        await good.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(ReasonCode.Success, LimitTests.ReasonOf(await publisher.PublishAndWaitAsync("t", $"{i}", qos)));
            Assert.Equal($"{i}", (await good.ReceiveAndAcknowledgeAsync()).Payload);
        }

        var session = broker.Broker.Session("slow");
        Assert.Equal((20, 50, 230), (session.InflightCount, session.QueuedCount, (int)session.Dropped));
        Assert.Equal(230, broker.Broker.Dropped());
        Assert.Single(broker.Log.Lines, line => line.Text == "Outgoing messages are being dropped for client slow.");
        var taken = new List<string>();
        var reader = new DurableReader { Taken = publish => taken.Add(publish.Payload) };
        await reader.DrainAsync(slow);
        Assert.Equal(Enumerable.Range(0, 70).Select(i => $"{i}"), taken);
        await slow.ExpectNothingAsync();
        await publisher.PublishAndWaitAsync("t", "after", qos);
        Assert.Equal("after", (await slow.ReceiveAndAcknowledgeAsync()).Payload);
    }

    [Fact]
    public async Task QueuedBytes_AtTheirLimit_DropWhatDoesNotFit()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumQueuedBytes = 10 * 1025 });
        var slow = await broker.ConnectAsync("slow", receiveMaximum: 1);
        var publisher = await broker.ConnectAsync("publisher");
        await slow.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        for (var i = 0; i < 30; i++) await publisher.PublishAndWaitAsync("t", Kilobyte, QualityOfService.AtLeastOnce);
        var session = broker.Broker.Session("slow");
        Assert.Equal((1, 10, 19), (session.InflightCount, session.QueuedCount, (int)session.Dropped));
        // A smaller one does not fit either: full is full.
        await publisher.PublishAndWaitAsync("t", "1", QualityOfService.AtLeastOnce);
        Assert.Equal(20, session.Dropped);
    }

    [Fact]
    public async Task InflightBytes_AtTheirLimit_HoldTheNextMessageBackAndLoseNothing()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumInflightBytes = 3 * 1025 });
        var slow = await broker.ConnectAsync("slow");
        var publisher = await broker.ConnectAsync("publisher");
        await slow.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        // A single message that is larger than the limit passes.
        await publisher.PublishAndWaitAsync("t", new string('y', 5000), QualityOfService.AtLeastOnce);
        Assert.Equal(5000, (await slow.ReceiveAndAcknowledgeAsync()).Payload.Length);
        await slow.ExpectNothingAsync();
        for (var i = 0; i < 8; i++) await publisher.PublishAndWaitAsync("t", Kilobyte, QualityOfService.AtLeastOnce);
        var session = broker.Broker.Session("slow");
        Assert.Equal((3, 5), (session.InflightCount, session.QueuedCount));
        for (var i = 0; i < 8; i++) await slow.ReceiveAndAcknowledgeAsync();
        await slow.ExpectNothingAsync();
        Assert.Equal(0, broker.Broker.Dropped());
    }

    [Fact]
    public async Task OutputBuffer_AtItsLimit_HoldsQoS1BackUntilItDrains()
    {
        const int Messages = 3000;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with
        {
            MaximumOutputBufferBytes = OutputCap,
            MaximumInflightMessages = 0,
            MaximumQueuedMessages = 0,
        });
        var slow = await broker.ConnectAsync("slow");
        var publisher = await broker.ConnectAsync("publisher");
        await slow.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        for (var i = 0; i < Messages; i++) await publisher.PublishAndWaitAsync("t", $"{i:D6}{Kilobyte}", QualityOfService.AtLeastOnce);
        var session = broker.Broker.Session("slow");
        Assert.InRange(session.Link!.Output.UnsentBytes, 1, OutputCap + 2048);
        Assert.InRange(session.QueuedCount, 1, Messages);
        // No acknowledgement: the output that drains is what lets the queue go on.
        for (var i = 0; i < Messages; i++) Assert.StartsWith($"{i:D6}", (await slow.ReceivePublishAsync()).Payload, StringComparison.Ordinal);
        Assert.Equal(0, session.Dropped);
    }

    [Theory]
    [InlineData("C0 00", 2)]
    [InlineData("32 06 00 01 61 00 01 00", 5)]
    [InlineData("82 07 00 01 00 00 01 62 00", 6)]
    [InlineData("62 02 00 07", 5)]
    public async Task Answers_ThatAreNotRead_StopTheBrokerFromReading(string request, int answerLength)
    {
        const int Answers = 3_000_000;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumOutputBufferBytes = OutputCap });
        var deaf = await broker.ConnectAsync("deaf");
        var packet = Convert.FromHexString(request.Replace(" ", "", StringComparison.Ordinal));
        var requests = Enumerable.Repeat(packet, Answers / answerLength).SelectMany(bytes => bytes).ToArray();
        var session = broker.Broker.Session("deaf");
        var sending = deaf.SendAsync(requests);
        for (var i = 0; i < 5; i++)
        {
            await broker.ExpectUndisturbedAsync($"b{i}");
            await Wait.UntilAsync(() => IsFull(session), "the broker to stop reading");
            // One read more than the limit was under way at most.
            Assert.InRange(session.Link!.Output.UnsentBytes, 0, OutputCap + (OutputCap / 4) + (256 * 1024));
        }

        Assert.False(sending.IsCompleted, "The broker took in more than its limits hold.");
        // Everything that was sent is answered once the client reads.
        await deaf.DiscardAsync(Answers / answerLength * answerLength);
        await sending;
        await deaf.ExpectNothingAsync();
    }

    [Fact]
    public async Task ClientThatDoesNotReadItsAnswers_IsClosedByItsKeepAlive()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumOutputBufferBytes = OutputCap });
        var deaf = await broker.ConnectAsync("deaf", keepAlive: 10);
        var session = broker.Broker.Session("deaf");
        var sending = deaf.SendAsync(Enumerable.Repeat(new byte[] { 0xC0, 0 }, 2_000_000).SelectMany(bytes => bytes).ToArray());
        await Wait.UntilAsync(() => IsFull(session), "the broker to stop reading");
        broker.Advance(TimeSpan.FromSeconds(15.1));
        broker.Advance(TimeSpan.FromSeconds(15.1));
        await broker.WaitForConnectionsAsync(0);
        await sending;
    }

    [Fact]
    public async Task RetainedMessages_AskedForAgainAndAgainUnread_AreBounded()
    {
        const int Topics = 1400;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumOutputBufferBytes = OutputCap, MaximumSubscriptionsPerClient = 20 });
        var publisher = await broker.ConnectAsync("publisher");
        for (var i = 0; i < Topics; i++) await publisher.PublishAsync($"r/{i}", Kilobyte, retain: true);
        await publisher.ExpectNothingAsync();
        var deaf = await broker.ConnectAsync("deaf");
        var subscribe = WirePackets.Subscribe(ProtocolVersion.Mqtt50, 1, "#", QualityOfService.AtMostOnce);
        await deaf.SendAsync(Enumerable.Repeat(subscribe, 300).SelectMany(bytes => bytes).ToArray());
        var session = broker.Broker.Session("deaf");
        var codes = new Dictionary<byte, int>();
        var retained = 0;
        while (codes.Values.Sum() < 300)
        {
            Assert.InRange(session.PendingRetained, 0, 40);
            var packet = await deaf.ReceiveAsync();
            if (packet[0] >> 4 == (int)PacketType.Publish) retained++;
            else codes[packet[^1]] = codes.GetValueOrDefault(packet[^1]) + 1;
        }

        Assert.Equal(new byte[] { 0, (byte)ReasonCode.QuotaExceeded }, codes.Keys.Order().ToArray());
        // Each one that was granted gets everything once.
        while (retained < codes[0] * Topics)
        {
            Assert.Equal(PacketType.Publish, (PacketType)((await deaf.ReceiveAsync())[0] >> 4));
            retained++;
        }

        await deaf.ExpectNothingAsync();
    }

    private static bool IsFull(Session session) => session.Link is { } link && link.Output.UnsentBytes > OutputCap + (OutputCap / 4);
}
