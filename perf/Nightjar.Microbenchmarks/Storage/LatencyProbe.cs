using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>Two connected clients, one of which sends the other a message of QoS 1 every other millisecond: whether what others do stalls them.</summary>
internal sealed class LatencyProbe : IAsyncDisposable
{
    private const string TopicName = "probe/state";
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(2);
    private readonly Lock _gate = new();
    private readonly List<double> _milliseconds = [];
    private readonly CancellationTokenSource _stopping = new();
    private MqttClient? _publisher;
    private MqttClient? _subscriber;
    private Task _sending = Task.CompletedTask;

    private LatencyProbe()
    {
    }

    internal static async Task<LatencyProbe> StartAsync(MeasuredBroker broker)
    {
        var probe = new LatencyProbe();
        probe._subscriber = await broker.ConnectAsync(new MqttClientOptions { ClientId = "probe-s" }, (MqttClient _, scoped in ReceivedMessage message) =>
        {
            var elapsed = Stopwatch.GetElapsedTime(BinaryPrimitives.ReadInt64BigEndian(message.Payload));
            lock (probe._gate) probe._milliseconds.Add(elapsed.TotalMilliseconds);
        }).ConfigureAwait(false);
        await probe._subscriber.SubscribeAsync(TopicName, QualityOfService.AtLeastOnce).ConfigureAwait(false);
        probe._publisher = await broker.ConnectAsync(new MqttClientOptions { ClientId = "probe-p" }).ConfigureAwait(false);
        probe._sending = Task.Run(probe.SendAsync);
        return probe;
    }

    /// <summary>What was seen since the last call: publish to receive.</summary>
    internal string Take()
    {
        double[] sorted;
        lock (_gate)
        {
            sorted = [.. _milliseconds];
            _milliseconds.Clear();
        }

        if (sorted.Length == 0) return "-";
        Array.Sort(sorted);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"p50 {sorted[sorted.Length / 2]:F2} p99 {sorted[(int)((sorted.Length - 1) * 0.99)]:F2} longest {sorted[^1]:F1} ms of {sorted.Length}");
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        if (_publisher is not null) await _publisher.DisposeAsync().ConfigureAwait(false);
        if (_subscriber is not null) await _subscriber.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task SendAsync()
    {
        using var timer = new PeriodicTimer(s_period);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                var payload = new byte[sizeof(long)];
                BinaryPrimitives.WriteInt64BigEndian(payload, Stopwatch.GetTimestamp());
                _ = _publisher!.PublishAsync(TopicName, payload, QualityOfService.AtLeastOnce).AsTask();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
