using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>Routes share a list of receivers only where all of it is the same, not the receivers alone.</summary>
public sealed class ReceiverListsTests
{
    [Theory]
    [InlineData(1, false, false, 0u)]
    [InlineData(0, true, false, 0u)]
    [InlineData(0, false, true, 0u)]
    [InlineData(0, false, false, 7u)]
    public void WhoSubscribesWithAnotherOption_GetsMessagesByIt(int qos, bool noLocal, bool retainAsPublished, uint identifier)
    {
        var packet = WirePackets.Subscribe(
            ProtocolVersion.Mqtt50, 9, "a/+", (QualityOfService)qos, noLocal: noLocal, retainAsPublished: retainAsPublished, identifier: identifier);
        var without = Received(WirePackets.Subscribe(ProtocolVersion.Mqtt50, 9, "a/+", QualityOfService.AtMostOnce));
        var expected = Received(packet);
        Assert.NotEqual(without, expected);
        Assert.Equal(expected, Received(WirePackets.Subscribe(ProtocolVersion.Mqtt50, 9, "a/+", QualityOfService.AtMostOnce), packet));
    }

    // What the client is sent that subscribes so, one subscription behind the other, and publishes after each of them.
    private static byte[] Received(params byte[][] subscriptions)
    {
        using var broker = new SteppedBroker();
        var other = broker.Connect("other");
        other.Subscribe("a/+", QualityOfService.AtMostOnce);
        var client = broker.Connect("c");
        byte[] sent = [];
        foreach (var subscription in subscriptions)
        {
            client.Feed(subscription);
            client.Connection.ClearSent();
            client.Feed(WirePackets.Publish(client.Version, "a/1", "x", QualityOfService.AtLeastOnce, 3, retain: true));
            sent = client.Connection.Sent.ToArray();
            SteppedBroker.Settle(client, other);
            client.Feed(WirePackets.Publish(client.Version, "a/1", "", retain: true));
            client.Connection.ClearSent();
        }

        return sent;
    }
}
