using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Clients over their publish rate: read more slowly, never dropped.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class PublishRateTests
{
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    public void Client_OverItsMessageRate_IsReadAtTheRateAndLosesNothing(QualityOfService qos)
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumPublishRate = 10 });
        var reader = broker.Connect("r");
        reader.Subscribe("t", qos);
        var publisher = broker.Connect("p");
        publisher.Feed(Repeat(WirePackets.Publish(publisher.Version, "t", "x", qos, 1), 35));
        // A second's worth comes at once, and then one every tenth of a second.
        Assert.Equal(10, Take(reader));
        broker.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(10, Take(reader));
        broker.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(11, Take(reader));
        for (var i = 0; i < 10; i++) broker.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(21, Take(reader));
        for (var i = 0; i < 30; i++) broker.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(35, Take(reader));
        Assert.Equal(0, broker.Broker.Dropped());
        // After the tenth message, and after each that came one by one.
        Assert.Equal(26, broker.Broker.Reached(BrokerLimit.MaximumPublishRate));
    }

    [Fact]
    public void Client_OverItsByteRate_IsReadAtTheRate()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumPublishBytesRate = 10_000 });
        var reader = broker.Connect("r");
        reader.Subscribe("t", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("p", ProtocolVersion.Mqtt311);
        var packet = WirePackets.Publish(publisher.Version, "t", new string('x', 994));
        Assert.Equal(1000, packet.Length);
        publisher.Feed(Repeat(packet, 40));
        Assert.Equal(10, Take(reader));
        // A twentieth of a second's worth lets the next in, which then is paid for.
        for (var i = 0; i < 1000; i++) broker.Advance(TimeSpan.FromMilliseconds(1));
        Assert.InRange(Take(reader), 19, 20);
        for (var i = 0; i < 2200; i++) broker.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(40, Take(reader));
        Assert.True(broker.Broker.Reached(BrokerLimit.MaximumPublishBytesRate) > 0);
        Assert.Equal(0, broker.Broker.Reached(BrokerLimit.MaximumPublishRate));
    }

    [Fact]
    public void Client_WithinItsRate_IsNotSlowedAndPingsOfOthersAreAnswered()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumPublishRate = 10 });
        var within = broker.Connect("within");
        var over = broker.Connect("over");
        over.Feed(Repeat(WirePackets.Publish(over.Version, "t", "x"), 100));
        for (var i = 0; i < 50; i++)
        {
            within.Feed(WirePackets.Publish(within.Version, "t", "x", QualityOfService.AtLeastOnce, 7));
            Assert.Equal(PacketType.PubAck, (PacketType)(within.Connection.Sent[0] >> 4));
            within.Connection.ClearSent();
            broker.Advance(TimeSpan.FromMilliseconds(100));
        }

        for (var i = 0; i < 50; i++) broker.Advance(TimeSpan.FromMilliseconds(100));
        // What is not a PUBLISH has no rate, and waits only behind one that has.
        for (var i = 0; i < 100; i++) within.Feed((byte[])[0xC0, 0]);
        Assert.Equal(200, within.Connection.Sent.Length);
    }

    [Fact]
    public void Rate_ChangedWhileClientsAreSlowed_HoldsAtOnce()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var reader = broker.Connect("r");
        reader.Subscribe("t", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("p");
        var packet = WirePackets.Publish(publisher.Version, "t", "x");
        publisher.Feed(Repeat(packet, 100));
        Assert.Equal(100, Take(reader));
        var environment = broker.Broker.Core.Environment;
        environment.Options = environment.Options with { MaximumPublishRate = 2 };
        publisher.Feed(Repeat(packet, 100));
        Assert.Equal(102, Take(reader));
        environment.Options = environment.Options with { MaximumPublishRate = 20 };
        broker.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(122, Take(reader));
        environment.Options = environment.Options with { MaximumPublishRate = 0 };
        broker.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, Take(reader));
    }

    [Fact]
    public async Task SlowedClient_WithKeepAlive_IsNotTimedOutAndIsReadOn()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumPublishBytesRate = 1000 });
        var client = await broker.ConnectAsync("c", keepAlive: 2);
        // Paid for in twenty seconds.
        await client.PublishAsync("t", new string('x', 20_000), QualityOfService.AtLeastOnce);
        await client.ReceiveAsync();
        await client.SendAsync("C0 00");
        var session = broker.Broker.Session("c");
        for (var i = 0; i < 18; i++)
        {
            broker.Advance(TimeSpan.FromSeconds(1));
            Assert.NotNull(session.Link);
        }

        for (var i = 0; i < 4; i++) broker.Advance(TimeSpan.FromSeconds(1));
        await client.ExpectAsync("D0 00");
        // Read again, it may be silent no longer than before.
        for (var i = 0; i < 4; i++) broker.Advance(TimeSpan.FromSeconds(1));
        await client.ExpectDisconnectAsync(ReasonCode.KeepAliveTimeout);
    }

    [Fact]
    public async Task SlowedClient_TakenOverOrLeft_EndsAtOnce()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumPublishBytesRate = 1000 });
        var first = await broker.ConnectAsync("c");
        await first.PublishAsync("t", new string('x', 100_000), QualityOfService.AtLeastOnce);
        await first.ReceiveAsync();
        var second = await broker.ConnectAsync("c");
        await first.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        await broker.WaitForConnectionsAsync(1);
        await second.ExpectNothingAsync();
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task SlowedClient_ThatHasLeft_IsReadToItsEnd()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumPublishRate = 10 });
        var reader = await broker.ConnectAsync("r");
        await reader.SubscribeAsync("t");
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311);
        await client.SendAsync(Repeat([.. WirePackets.Publish(client.Version, "t", "x")], 25).ToArray().Concat<byte>([0xE0, 0]).ToArray());
        for (var i = 0; i < 10; i++) await reader.ReceivePublishAsync();
        client.Abort();
        await reader.ExpectNothingAsync();
        for (var i = 0; i < 15; i++)
        {
            broker.Advance(TimeSpan.FromMilliseconds(100));
            await reader.ReceivePublishAsync();
        }

        broker.Advance(TimeSpan.FromMilliseconds(100));
        await broker.WaitForConnectionsAsync(1);
    }

    [Fact]
    [Trait("Measures", "optimised code")]
    public void Message_UnderARate_AllocatesNothing()
    {
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumPublishRate = 1000, MaximumPublishBytesRate = 1_000_000 });
        var reader = broker.Connect("r");
        reader.Subscribe("t", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("p");
        var packets = Repeat(WirePackets.Publish(publisher.Version, "t", "x"), 2000);
        Run();
        Allocation.AssertNone(Run);

        // Half of them wait for a second: the pause is part of it.
        void Run()
        {
            publisher.Feed(packets);
            for (var i = 0; i < 30; i++)
            {
                broker.Advance(TimeSpan.FromMilliseconds(100));
                reader.Answer();
            }
        }
    }

    private static ReadOnlyMemory<byte> Repeat(byte[] packet, int count) => Enumerable.Repeat(packet, count).SelectMany(bytes => bytes).ToArray();

    private static int Take(SteppedClient reader)
    {
        SteppedBroker.Settle(reader);
        return reader.Received;
    }
}
