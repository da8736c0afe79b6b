using System.Text;
using Nightjar.Broker;
using Nightjar.Protocol;

namespace Nightjar.Host.Logging;

/// <summary>Carries log lines to the broker's own topics while it runs.</summary>
internal sealed class LogPublisher
{
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(20);
    private volatile MqttBroker? _broker;

    /// <summary>From now on lines are published.</summary>
    internal void Attach(MqttBroker broker) => _broker = broker;

    /// <summary>From now on they are not: the broker is about to stop.</summary>
    internal void Detach() => _broker = null;

    /// <summary>Publishes a line with QoS 2 that expires after 20 seconds, as Mosquitto does.</summary>
    /// <exception cref="InvalidOperationException">No broker runs.</exception>
    internal void Publish(string topic, string text)
    {
        var broker = _broker ?? throw new InvalidOperationException("No broker is running.");
        broker.Publish(topic, Encoding.UTF8.GetBytes(text), QualityOfService.ExactlyOnce, retain: false, Expiry);
    }
}
