using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>
/// What a message that waits for a client that is away costs the executable in resident memory, and what it is like when the client comes back: all
/// of it in order, and the latency of two others meanwhile. QoS 1, payloads of 100 bytes, no limit of queues, over sockets.
/// </summary>
internal sealed class QueueMemory
{
    private const int PayloadSize = 100;
    private const int WarmUp = 50_000;
    private const int Window = 2048;
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_guard = TimeSpan.FromMinutes(5);
    private readonly MeasuredBroker _broker;
    private readonly LatencyProbe _probe;
    private readonly TextWriter _output;

    private QueueMemory(MeasuredBroker broker, LatencyProbe probe, TextWriter output)
    {
        _broker = broker;
        _probe = probe;
        _output = output;
    }

    /// <summary>Measures and prints.</summary>
    /// <param name="executable">The executable <c>nightjar</c>.</param>
    /// <param name="parent">The store is in a folder of its own in it, which is removed at the end.</param>
    /// <param name="messages">How many wait.</param>
    /// <param name="output">Takes the lines.</param>
    /// <exception cref="InvalidOperationException">A message was lost, doubled or out of order.</exception>
    internal static async Task PrintAsync(string executable, string parent, int messages, TextWriter output)
    {
        var folder = Path.Combine(Path.GetFullPath(parent), $"queue-memory-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            await using var broker = await MeasuredBroker.StartAsync(executable, folder).ConfigureAwait(false);
            await using var probe = await LatencyProbe.StartAsync(broker).ConfigureAwait(false);
            await new QueueMemory(broker, probe, output).RunAsync(messages).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task RunAsync(int messages)
    {
        var fresh = _broker.ResidentBytes;
        // The runtime compiles what is used, and buffers get the size that the rate asks for.
        await FillAsync(WarmUp, "warm-up: filling").ConfigureAwait(false);
        await StreamAsync(WarmUp, "warm-up: streaming").ConfigureAwait(false);
        await Task.Delay(s_settling).ConfigureAwait(false);
        _probe.Take();
        await Task.Delay(s_settling).ConfigureAwait(false);
        var before = _broker.ResidentBytes;
        await _output.WriteLineAsync($"quiet: pair {_probe.Take()}; {before >> 20} MiB resident, {fresh >> 20} MiB fresh from the start").ConfigureAwait(false);
        await FillAsync(messages, "filling").ConfigureAwait(false);
        var most = _broker.ResidentBytes;
        await Task.Delay(s_settling).ConfigureAwait(false);
        var after = _broker.ResidentBytes;
        await _output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"queued {messages} messages of {PayloadSize} bytes: {after >> 20} MiB resident ({most >> 20} at the end of filling): {(after - before) / (double)messages:F0} bytes a message; {(after - fresh) / (double)messages:F0} counted from the start")).ConfigureAwait(false);
        _probe.Take();
        await StreamAsync(messages, "streaming").ConfigureAwait(false);
        await _output.WriteLineAsync($"afterwards {_broker.ResidentBytes >> 20} MiB resident").ConfigureAwait(false);
    }

    private static MqttClientOptions Away => new() { ClientId = "away", CleanStart = false, SessionExpiryInterval = uint.MaxValue };

    private async Task FillAsync(int messages, string phase)
    {
        await using (var client = await _broker.ConnectAsync(Away).ConfigureAwait(false))
        {
            await client.SubscribeAsync("queue/#", QualityOfService.AtLeastOnce).ConfigureAwait(false);
            await client.DisconnectAsync().ConfigureAwait(false);
        }

        var start = Stopwatch.GetTimestamp();
        await using var publisher = await _broker.ConnectAsync(new MqttClientOptions { ClientId = "publisher" }).ConfigureAwait(false);
        var underWay = new Task<PublishResult>[Window];
        for (var number = 0; number < messages + Window; number++)
        {
            if (number >= Window && number - Window < messages && await underWay[number % Window].ConfigureAwait(false) is { IsSuccess: false } failed)
                throw new InvalidOperationException($"message {number - Window}: {failed.Outcome} {failed.ReasonCode}");
            if (number < messages) underWay[number % Window] = publisher.PublishAsync("queue/state", Payload(number), QualityOfService.AtLeastOnce).AsTask();
        }

        await PrintAsync(phase, messages, Stopwatch.GetElapsedTime(start)).ConfigureAwait(false);
    }

    private async Task StreamAsync(int messages, string phase)
    {
        var next = 0;
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var start = Stopwatch.GetTimestamp();
        await using var client = await _broker.ConnectAsync(Away, (MqttClient _, scoped in ReceivedMessage message) =>
        {
            var number = BinaryPrimitives.ReadInt32BigEndian(message.Payload);
            if (number != next) complete.TrySetException(new InvalidOperationException($"message {number} came in place of {next}"));
            if (++next == messages) complete.TrySetResult();
        }).ConfigureAwait(false);
        await complete.Task.WaitAsync(s_guard).ConfigureAwait(false);
        await PrintAsync(phase, messages, Stopwatch.GetElapsedTime(start)).ConfigureAwait(false);
        await client.DisconnectAsync().ConfigureAwait(false);
    }

    private Task PrintAsync(string phase, int messages, TimeSpan elapsed) => _output.WriteLineAsync(string.Create(
        CultureInfo.InvariantCulture, $"{phase}: {messages} messages in {elapsed.TotalSeconds:F2} s, {messages / elapsed.TotalSeconds:F0}/s; pair {_probe.Take()}; {_broker.ResidentBytes >> 20} MiB resident"));

    private static byte[] Payload(int number)
    {
        var payload = new byte[PayloadSize];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return payload;
    }
}
