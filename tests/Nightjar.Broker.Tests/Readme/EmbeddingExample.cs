// <readme>
using System.Net;
using System.Text;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Readme;

public static class EmbeddingExample
{
    public static async Task<string> RunAsync(TextWriter output)
    {
        var options = new BrokerOptions
        {
            Listeners = [new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }], // port 0: any free one
            MaximumQueuedMessages = 10_000,
        };
        await using var broker = new MqttBroker(options);
        broker.ClientConnected += client => output.WriteLine($"{client.ClientId} came from {client.RemoteEndPoint}");
        broker.ClientDisconnected += client => output.WriteLine($"{client.ClientId} left: {client.Cause}");
        await broker.StartAsync();
        await output.WriteLineAsync($"listening on {broker.EndPoints[0]}");

        // The application subscribes and publishes without a socket.
        var received = "";
        using var subscription = broker.Subscribe("rooms/+/temperature", (in ReceivedMessage message) =>
            received = $"{message.TopicName} = {Encoding.UTF8.GetString(message.Payload)}");
        broker.Publish("rooms/kitchen/temperature", "20.5"u8, QualityOfService.AtLeastOnce, retain: true);

        await output.WriteLineAsync(received);
        return received;
    }
}

// </readme>
