using System.Diagnostics.Metrics;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Each limit holds when it is set by a reload, acts at exactly its bound, and is counted under the name of its option.</summary>
public sealed class LimitCountTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce, ReasonCode.ImplementationSpecificError)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce, ReasonCode.ImplementationSpecificError)]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtMostOnce, ReasonCode.Success)]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, ReasonCode.Success)]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, ReasonCode.Success)]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtMostOnce, ReasonCode.Success)]
    public async Task Payload_BeyondItsSize_IsAcknowledgedAndDropped(ProtocolVersion version, QualityOfService qos, ReasonCode answer)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var reader = await broker.ConnectAsync("r");
        await reader.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c", version);
        broker.Broker.Reload(options => options with { MaximumPayloadSize = 10 });
        await client.PublishAndWaitAsync("t", "0123456789", qos, 7);
        Assert.Equal(10, (await reader.ReceivePublishAsync()).Payload.Length);
        var last = await client.PublishAndWaitAsync("t", "0123456789x", qos, 7, retain: true);
        Assert.Equal(answer, LimitTests.ReasonOf(last));
        Assert.Equal(0, broker.Broker.RetainedCount);
        Assert.Equal((1L, 1L), (broker.Broker.Reached(BrokerLimit.MaximumPayloadSize), broker.Broker.Dropped()));
        // The packet id is free, the connection goes on.
        await client.PublishAndWaitAsync("t", "y", qos, 7);
        Assert.Equal("y", (await reader.ReceivePublishAsync()).Payload);
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Limits_OfQueuesAndWindows_ActWhenReloadedAndAreCounted()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumInflightMessages = 0 });
        var reader = await broker.ConnectAsync("r", sessionExpiry: 100);
        await reader.SubscribeAsync("t", QualityOfService.AtLeastOnce);
        var publisher = await broker.ConnectAsync("p");
        broker.Broker.Reload(options => options with { MaximumInflightMessages = 2, MaximumQueuedMessages = 3 });
        for (var i = 0; i < 7; i++) await publisher.PublishAndWaitAsync("t", "x", QualityOfService.AtLeastOnce);
        var session = broker.Broker.Session("r");
        Assert.Equal((2, 3, 2L), (session.InflightCount, session.QueuedCount, session.Dropped));
        Assert.Equal((5L, 2L), (broker.Broker.Reached(BrokerLimit.MaximumInflightMessages), broker.Broker.Reached(BrokerLimit.MaximumQueuedMessages)));
        broker.Broker.Reload(options => options with { MaximumQueuedBytes = 8 });
        for (var i = 0; i < 2; i++) await publisher.PublishAndWaitAsync("t", "x", QualityOfService.AtLeastOnce);
        Assert.Equal(4, broker.Broker.Reached(BrokerLimit.MaximumQueuedMessages));
        broker.Broker.Reload(options => options with { MaximumQueuedMessages = 0 });
        for (var i = 0; i < 2; i++) await publisher.PublishAndWaitAsync("t", "x", QualityOfService.AtLeastOnce);
        Assert.Equal((4, 1L), (session.QueuedCount, broker.Broker.Reached(BrokerLimit.MaximumQueuedBytes)));
        for (var i = 0; i < 6; i++) await reader.ReceiveAndAcknowledgeAsync();
        await reader.ExpectNothingAsync();
        broker.Broker.Reload(options => options with { MaximumInflightMessages = 0, MaximumInflightBytes = 4 });
        for (var i = 0; i < 3; i++) await publisher.PublishAndWaitAsync("t", "x", QualityOfService.AtLeastOnce);
        Assert.Equal((2, 1, 1L), (session.InflightCount, session.QueuedCount, broker.Broker.Reached(BrokerLimit.MaximumInflightBytes)));
        for (var i = 0; i < 3; i++) await reader.ReceiveAndAcknowledgeAsync();
    }

    [Fact]
    public async Task Limits_OfPacketsAndTopics_ActWhenReloadedAndAreCounted()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var first = await broker.ConnectAsync("a");
        var second = await broker.ConnectAsync("b");
        broker.Broker.Reload(options => options with
        {
            MaximumTopicLevels = 2,
            MaximumSubscriptionsPerClient = 1,
            MaximumRetainedMessages = 1,
            MaximumRetainedBytes = 10,
            MaximumPacketSize = 60,
            MaximumKeepAlive = 30,
        });
        Assert.Equal((byte)ReasonCode.TopicFilterInvalid, await first.SubscribeAsync("a/b/c"));
        Assert.Equal(0, await first.SubscribeAsync("a/b"));
        Assert.Equal((byte)ReasonCode.QuotaExceeded, await first.SubscribeAsync("b"));
        await second.PublishAndWaitAsync("r/1", "x", QualityOfService.AtLeastOnce, retain: true);
        Assert.Equal(ReasonCode.QuotaExceeded, LimitTests.ReasonOf(await second.PublishAndWaitAsync("r/2", "x", QualityOfService.AtLeastOnce, retain: true)));
        Assert.Equal(ReasonCode.QuotaExceeded, LimitTests.ReasonOf(await second.PublishAndWaitAsync("r/1", "0123456789", QualityOfService.AtLeastOnce, retain: true)));
        await first.PublishAsync("t", new string('x', 55));
        await first.PublishAsync("t", new string('x', 60));
        await first.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
        await second.PublishAsync("a/b/c", "x");
        await second.ExpectDisconnectAsync(ReasonCode.TopicNameInvalid);
        await broker.ConnectAsync("k", keepAlive: 30);
        await broker.ConnectAsync("l", keepAlive: 31);
        var refused = await broker.OpenAsync(ProtocolVersion.Mqtt311);
        await refused.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt311, "m", true, 0, 31, 0, 0, 0, null, null));
        Assert.Equal((byte)ConnectReturnCode.IdentifierRejected, (await refused.ReceiveAsync())[3]);

        var reached = Collect(broker.Broker.Instruments.Meter);
        Assert.Equal(
            (2L, 1L, 1L, 1L, 1L, 2L),
            (reached["max_topic_levels"], reached["max_subscriptions_per_client"], reached["max_retained_messages"], reached["max_retained_bytes"], reached["max_packet_size"], reached["max_keepalive"]));
    }

    [Fact]
    public async Task Limits_OfConnections_ActWhenReloadedAndAreCounted()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        await broker.ConnectAsync("a", sessionExpiry: 100);
        broker.Broker.Reload(options => options with { MaximumConnections = 1 });
        await (await broker.OpenAsync()).ExpectClosedAsync();
        broker.Broker.Reload(options => options with { MaximumConnections = -1, MaximumSessions = 1, ConnectTimeout = TimeSpan.FromSeconds(3) });
        var refused = await broker.OpenAsync();
        await refused.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "b"));
        Assert.Equal((byte)ReasonCode.ServerBusy, (await refused.ReceiveAsync())[3]);
        await refused.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(1);
        var silent = await broker.OpenAsync();
        await Nightjar.Testing.Wait.UntilAsync(() => broker.Broker.Core.Environment.Wheel.Count == 1, "the connection to be accepted");
        broker.Advance(TimeSpan.FromSeconds(3.2));
        await silent.ExpectClosedAsync();
        var reached = Collect(broker.Broker.Instruments.Meter);
        Assert.Equal((1L, 1L, 1L), (reached["global_max_connections"], reached["global_max_clients"], reached["connect_timeout"]));
    }

    [Fact]
    public async Task Connections_OfAListener_AreCountedAsItsOwn()
    {
        var listener = new ListenerOptions { EndPoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0), MaximumConnections = 1 };
        await using var broker = await TestBroker.StartAsync(LimitTests.Options, listener);
        await broker.ConnectAsync("a");
        await (await broker.OpenAsync()).ExpectClosedAsync();
        var reached = Collect(broker.Broker.Instruments.Meter);
        Assert.Equal((1L, 0L), (reached["max_connections"], reached["global_max_connections"]));
    }

    [Fact]
    public void Output_BeyondItsBytes_IsCounted()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumOutputBufferBytes = 65_536 });
        var slow = broker.Connect("slow");
        slow.Subscribe("t", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("p");
        // All of one batch: what is written stays until its end.
        var packet = WirePackets.Publish(publisher.Version, "t", new string('x', 10_000));
        publisher.Feed(Enumerable.Repeat(packet, 10).SelectMany(bytes => bytes).ToArray());
        Assert.Equal((3L, 3L), (broker.Broker.Reached(BrokerLimit.MaximumOutputBufferBytes), broker.Broker.Dropped()));
    }

    [Fact]
    public async Task ConnectionLines_AreLeftOutWhenTheyAreNotWanted()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { ConnectionMessages = false });
        var client = await broker.ConnectAsync("c");
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.DoesNotContain(broker.Log.Lines, line => line.Text.Contains("onnect", StringComparison.Ordinal));
        broker.Broker.Reload(options => options with { ConnectionMessages = true });
        client = await broker.ConnectAsync("c");
        await client.DisconnectAsync();
        await broker.WaitForConnectionsAsync(0);
        Assert.Equal(3, broker.Log.Lines.Count(line => line.Text.Contains("onnect", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_OfTheLimits_AreOneForEach()
    {
        Assert.Equal(Enum.GetValues<BrokerLimit>().Length, BrokerLimits.Names.Length);
        Assert.Equal(BrokerLimits.Names.Length, BrokerLimits.Names.ToArray().Distinct().Count());
        Assert.Equal("memory_limit", BrokerLimits.Names[(int)BrokerLimit.MemoryLimit]);
        Assert.Equal("allow_from", BrokerLimits.Names[(int)BrokerLimit.AddressRules]);
    }

    private static Dictionary<string, long> Collect(Meter meter)
    {
        var values = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter) && instrument.Name == "nightjar.limits.reached") self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => values[(string)tags[0].Value!] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }
}
