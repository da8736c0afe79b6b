using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

public sealed class QoSRoundTripTests
{
    [Theory]
    [InlineData(ProtocolVersion.Mqtt31)]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt50)]
    public async Task Publish_EachQoS_ReachesSubscriber(ProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s", version);
        var publisher = await broker.ConnectAsync("p", version);
        Assert.Equal(2, await subscriber.SubscribeAsync("a/+", QualityOfService.ExactlyOnce));
        foreach (var qos in Enum.GetValues<QualityOfService>())
        {
            await publisher.PublishAsync("a/b", $"m{qos}", qos, packetId: 7);
            var received = await subscriber.ReceiveAndAcknowledgeAsync();
            Assert.Equal((qos, $"m{qos}"), (received.QoS, received.Payload));
            if (qos == QualityOfService.AtLeastOnce) await publisher.ExpectAsync("40 02 00 07");
            if (qos != QualityOfService.ExactlyOnce) continue;
            await publisher.ExpectAsync("50 02 00 07");
            await publisher.SendAsync("62 02 00 07");
            await publisher.ExpectAsync("70 02 00 07");
        }

        await subscriber.ExpectNothingAsync();
    }
}
