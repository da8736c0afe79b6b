using Nightjar.Client;
using Nightjar.LoadTests.Measuring;
using Nightjar.Protocol;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>A publishing client with its topics, and the window of its closed loop.</summary>
/// <remarks>
/// QoS 0 goes through <see cref="MqttClient.TryPublish"/> and allocates nothing; QoS 1 and 2 allocate what the client keeps until the
/// acknowledgement. Every call publishes a batch, which leaves with one send.
/// </remarks>
internal sealed class Publisher
{
    private const long NoRefill = long.MinValue;

    private readonly Lock _gate = new();
    private readonly MqttClient _client;
    private readonly ErrorLog _errors;
    private readonly int _index;
    private readonly byte[][] _topics;
    private readonly QualityOfService _qos;
    private readonly int _fan;
    private readonly byte[] _payload;

    // Guarded by _gate.
    private int _nextTopic;
    private long _sent;

    // Any thread, interlocked: deliveries that are to come, and who refills the window.
    private long _outstanding;
    private long _window;
    private long _refillAt = NoRefill;
    private int _refilling;

    internal Publisher(MqttClient client, ErrorLog errors, int index, byte[][] topics, QualityOfService qos, int payloadSize, int fan)
    {
        _client = client;
        _errors = errors;
        _index = index;
        _topics = topics;
        _qos = qos;
        _fan = fan;
        _payload = new byte[payloadSize];
        _payload.AsSpan().Fill((byte)'x');
    }

    /// <summary>Messages published.</summary>
    internal long Sent => Volatile.Read(ref _sent);

    /// <summary>Deliveries that are to come; below 0 when messages came more often than sent.</summary>
    internal long Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Publishes messages, topic after topic.</summary>
    /// <param name="count">How many.</param>
    /// <param name="due">When they should have been published, on the monotonic clock; 0: now, each at its own moment.</param>
    /// <returns>False when the client is not connected.</returns>
    internal bool Publish(int count, long due = 0)
    {
        Interlocked.Add(ref _outstanding, (long)count * _fan);
        int published = 0;
        lock (_gate)
        {
            using PublishBatch batch = _client.BeginBatch();
            while (published < count && PublishOne(_topics[_nextTopic], due == 0 ? MonotonicClock.Now : due))
            {
                if (++_nextTopic == _topics.Length) _nextTopic = 0;
                published++;
            }

            _sent += published;
        }

        if (published == count) return true;
        Interlocked.Add(ref _outstanding, -(long)(count - published) * _fan);
        _errors.Add("publish was not possible");
        return false;
    }

    /// <summary>Fills the window, and from now on again when a quarter of it has been delivered.</summary>
    internal void StartWindow(int messages)
    {
        _window = (long)messages * _fan;
        Volatile.Write(ref _refillAt, _window - Math.Max(_fan, _window / 4));
        Refill();
    }

    /// <summary>Deliveries no longer cause publishes; one that is under way has ended, so that <see cref="Sent"/> stays as it is.</summary>
    internal void StopWindow()
    {
        Interlocked.Exchange(ref _refillAt, NoRefill);
        var spin = new SpinWait();
        while (Volatile.Read(ref _refilling) != 0) spin.SpinOnce();
    }

    /// <summary>One of the deliveries has come. Any thread.</summary>
    internal void OnDelivered()
    {
        if (Interlocked.Decrement(ref _outstanding) <= Volatile.Read(ref _refillAt)) Refill();
    }

    private void Refill()
    {
        // Whoever comes while another thread refills leaves it to that one, which looks again after it has let go.
        while (Outstanding <= Volatile.Read(ref _refillAt) && Interlocked.Exchange(ref _refilling, 1) == 0)
        {
            // Looked at again: the window may have been stopped since.
            bool published = Outstanding > Volatile.Read(ref _refillAt) || Publish((int)((_window - Outstanding) / _fan));
            Interlocked.Exchange(ref _refilling, 0);
            if (!published) StopWindow();
        }
    }

    private bool PublishOne(byte[] topicName, long stamp)
    {
        if (_qos == QualityOfService.AtMostOnce)
        {
            MessageStamp.Write(_payload, stamp, _index);
            return _client.TryPublish(topicName, _payload);
        }

        byte[] payload = GC.AllocateUninitializedArray<byte>(_payload.Length);
        _payload.CopyTo(payload, 0);
        MessageStamp.Write(payload, stamp, _index);
        Task<PublishResult> publish = _client.PublishAsync(new MqttPublish { TopicName = topicName, Payload = payload, QoS = _qos }).AsTask();
        return !publish.IsCompleted || publish.Result.IsSuccess;
    }
}
