using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>What the tests of the limits share.</summary>
internal static class LimitTests
{
    /// <summary>Options with $SYS off, so that what is counted is the test's, and with little patience for clients that stay after they were closed.</summary>
    internal static BrokerOptions Options => new() { SysInterval = TimeSpan.Zero, CloseLinger = TimeSpan.FromMilliseconds(50) };

    /// <summary>The session of a client id.</summary>
    internal static Session Session(this MqttBroker broker, string clientId)
    {
        Assert.True(broker.Core.Sessions.Table.TryGet(System.Text.Encoding.UTF8.GetBytes(clientId), out var session), $"No session of {clientId}.");
        return session;
    }

    /// <summary>Messages dropped so far.</summary>
    internal static long Dropped(this MqttBroker broker) => broker.Core.Environment.Counters.Sum().PublishDropped;

    /// <summary>How often a limit acted so far.</summary>
    internal static long Reached(this MqttBroker broker, BrokerLimit limit) => broker.Core.Environment.Counters.LimitReached(limit);

    /// <summary>Puts other options in force, as a reload does.</summary>
    internal static void Reload(this MqttBroker broker, Func<BrokerOptions, BrokerOptions> change) =>
        broker.Core.Environment.Options = change(broker.Core.Environment.Options);

    /// <summary>PUBLISH of QoS 1 or 2 through its whole handshake; the last packet of the broker.</summary>
    internal static async Task<byte[]> PublishAndWaitAsync(this WireClient client, string topic, string payload, QualityOfService qos, ushort packetId = 1, bool retain = false)
    {
        await client.PublishAsync(topic, payload, qos, packetId, retain);
        if (qos == QualityOfService.AtMostOnce)
        {
            await client.ExpectNothingAsync();
            return [];
        }

        var answer = await client.ReceiveAsync();
        if (qos == QualityOfService.AtLeastOnce || ReasonOf(answer) >= ReasonCode.UnspecifiedError) return answer;
        await client.SendAsync(WirePackets.Ack(PacketType.PubRel, packetId, client.Version));
        return await client.ReceiveAsync();
    }

    /// <summary>Reason code of an acknowledgement with one packet id.</summary>
    internal static ReasonCode ReasonOf(byte[] acknowledgement) => acknowledgement.Length > 4 ? (ReasonCode)acknowledgement[4] : ReasonCode.Success;

    /// <summary>A pair of well-behaved clients sends and receives a message of each QoS, while something else goes on.</summary>
    internal static async Task ExpectUndisturbedAsync(this TestBroker broker, string name = "bystander")
    {
        var reader = await broker.ConnectAsync($"{name}-reader");
        var writer = await broker.ConnectAsync($"{name}-writer", ProtocolVersion.Mqtt311);
        await reader.SubscribeAsync($"{name}/+", QualityOfService.ExactlyOnce);
        foreach (var qos in Enum.GetValues<QualityOfService>())
        {
            await writer.PublishAndWaitAsync($"{name}/x", $"{qos}", qos, 9);
            Assert.Equal(($"{qos}", qos), await Take(reader));
        }

        await reader.DisconnectAsync();
        await writer.DisconnectAsync();

        static async Task<(string Payload, QualityOfService QoS)> Take(WireClient client)
        {
            var received = await client.ReceiveAndAcknowledgeAsync();
            return (received.Payload, received.QoS);
        }
    }
}
