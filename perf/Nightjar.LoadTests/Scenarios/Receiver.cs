using Nightjar.Client;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Counts what one subscribing client receives, and how long it took.</summary>
/// <param name="publishers">Who is told of each delivery; empty when nobody waits for this receiver.</param>
internal sealed class Receiver(Publisher[] publishers)
{
    private long _received;
    private long _foreign;

    /// <summary>Latency from publish to receipt.</summary>
    internal LatencyHistogram Latency { get; } = new();

    /// <summary>Messages received.</summary>
    internal long Received => Volatile.Read(ref _received);

    /// <summary>Messages received that this run did not publish.</summary>
    internal long Foreign => Volatile.Read(ref _foreign);

    /// <summary>Takes a message, on the client's receive loop.</summary>
    internal void OnMessage(MqttClient client, scoped in ReceivedMessage message)
    {
        if (!MessageStamp.TryRead(message.Payload, out long stamp, out int publisher))
        {
            _foreign++;
            return;
        }

        Latency.Record(MonotonicClock.Now - stamp);
        _received++;
        if ((uint)publisher < (uint)publishers.Length) publishers[publisher].OnDelivered();
    }
}
