using System.Net;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Broker.Tests.Metrics;

/// <summary>The counts of a turn of an event loop are there before anybody can see what was done in it, with two brokers on the same loops.</summary>
public sealed class TurnCountsTests
{
    [Fact]
    public async Task WhoHasHisAnswer_IsCountedInHisBroker()
    {
        await using var first = await TestBroker.StartAsync();
        await using var second = await TestBroker.StartAsync();
        await using var one = await ConnectAsync(first, "one");
        await using var other = await ConnectAsync(second, "other");
        for (var i = 1; i <= 500; i++)
        {
            // In one turn, mostly.
            var packet = WirePackets.Publish(ProtocolVersion.Mqtt50, "t/1", "payload", QualityOfService.AtLeastOnce);
            await Task.WhenAll(one.SendAsync(packet), other.SendAsync(packet));
            await one.ReceiveAsync();
            Assert.Equal((i, i), Counts(first));
            await other.ReceiveAsync();
            Assert.Equal((i, i), Counts(second));
        }
    }

    private static (long Received, long Answered) Counts(TestBroker broker)
    {
        var sum = broker.Broker.Core.Environment.Counters.Sum();
        return (sum.PublishReceived, sum.SentByType[(int)PacketType.PubAck]);
    }

    private static async Task<WireClient> ConnectAsync(TestBroker broker, string clientId)
    {
        var options = new SocketTransportOptions { EventLoops = true };
        var listener = SocketTransport.Listen(new IPEndPoint(IPAddress.Loopback, 0), options);
        broker.Broker.Serve(listener);
        var client = new WireClient(await SocketTransport.ConnectAsync(listener.LocalEndPoint, options, CancellationToken.None), ProtocolVersion.Mqtt50);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, clientId));
        await client.ReceiveAsync();
        return client;
    }
}
