using Microsoft.Extensions.Logging;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

public sealed class DeniedPublishTests
{
    // v5 is told; v3 has no code for it and is answered as if the message had been taken.
    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtMostOnce, "")]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce, "4003000987")]
    [InlineData(ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce, "5003000987")]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtMostOnce, "")]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, "40020009")]
    [InlineData(ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, "50020009")]
    [InlineData(ProtocolVersion.Mqtt31, QualityOfService.AtLeastOnce, "40020009")]
    [InlineData(ProtocolVersion.Mqtt31, QualityOfService.ExactlyOnce, "50020009")]
    public void DeniedPublish_OfEachVersionAndQoS_IsAnsweredDroppedAndLogged(ProtocolVersion version, QualityOfService qos, string answer)
    {
        using var broker = new SteppedBroker(
            new BrokerOptions { SysInterval = TimeSpan.Zero }, AccessList.Parse(["topic read #", "topic write fine"], "f").Compile());
        broker.Log.Least = LogLevel.Debug;
        var reader = broker.Connect("reader");
        reader.Subscribe("#", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("sensor", version);
        publisher.Feed(WirePackets.Publish(version, "a/b", "payload", qos, 9, retain: true));
        Assert.Equal(answer, Convert.ToHexString(publisher.Connection.Sent));
        Assert.Equal(0, reader.Connection.Sent.Length);
        Assert.Equal(0, broker.Broker.Core.Router.Retained.Count);
        var mid = qos == QualityOfService.AtMostOnce ? 0 : 9;
        Assert.Contains(broker.Log.Lines, line => line.Level == LogLevel.Debug && line.Text == $"Denied PUBLISH from sensor (d0, q{(int)qos}, r1, m{mid}, 'a/b', ... (7 bytes))");
        // The client is still there, and of use.
        if (qos == QualityOfService.ExactlyOnce && version != ProtocolVersion.Mqtt50) publisher.Feed(WirePackets.Ack(PacketType.PubRel, 9, version));
        publisher.Feed(WirePackets.Publish(version, "fine", "payload"));
        Assert.NotEqual(0, reader.Connection.Sent.Length);
    }

    [Fact]
    public void DeniedPublishes_AThousandInASecond_FillNoMoreOfTheLog()
    {
        using var broker = new SteppedBroker(new BrokerOptions { SysInterval = TimeSpan.Zero }, AccessList.Parse([], "f").Compile());
        broker.Log.Least = LogLevel.Debug;
        var publisher = broker.Connect("sensor");
        for (var i = 0; i < 3000; i++) publisher.Feed(WirePackets.Publish(ProtocolVersion.Mqtt50, "a", ""));
        Assert.InRange(broker.Log.Lines.Count(line => line.Text.StartsWith("Denied PUBLISH", StringComparison.Ordinal)), 900, 1000);
    }
}
