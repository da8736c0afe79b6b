using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>
/// How long the executable takes to start on a large store, and what it holds in memory then; and whether everything is there: what <c>$SYS</c>
/// counts, every retained message, and what waits for some of the sessions, in order. The first start reads the file from the disk, the others from
/// the system's cache.
/// </summary>
internal static partial class StoreStart
{
    private const int Starts = 3;
    private const int SessionsLookedAt = 100;
    private const int WillNotNeed = 4;
    private static readonly TimeSpan s_guard = TimeSpan.FromMinutes(1);

    /// <summary>Fills a store, starts on it some times and prints a line for each.</summary>
    /// <param name="executable">The executable <c>nightjar</c>.</param>
    /// <param name="parent">The store is in a folder of its own in it, which is removed at the end.</param>
    /// <param name="output">Takes the lines.</param>
    /// <exception cref="InvalidOperationException">Something is missing after a start.</exception>
    internal static async Task PrintAsync(string executable, string parent, TextWriter output)
    {
        var folder = Path.Combine(Path.GetFullPath(parent), $"store-start-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            var content = LargeStore.OfTheTarget;
            var path = Path.Combine(folder, MeasuredBroker.FileName);
            await content.FillAsync(path).ConfigureAwait(false);
            var size = new FileInfo(path).Length;
            ForgetCached(path);
            for (var start = 1; start <= Starts; start++) await StartAsync(executable, folder, content, start, size, output).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task StartAsync(string executable, string folder, LargeStore content, int start, long size, TextWriter output)
    {
        await using var broker = await MeasuredBroker.StartAsync(executable, folder).ConfigureAwait(false);
        var (resident, processor) = (broker.ResidentBytes, broker.ProcessorTime);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"start {start}, file {size >> 20} MiB: first CONNACK after {broker.StartTime.TotalSeconds:F2} s, {processor.TotalSeconds:F2} s of processor, {resident >> 20} MiB resident")).ConfigureAwait(false);
        var counts = await ReadCountsAsync(broker).ConfigureAwait(false);
        await output.WriteLineAsync($"  $SYS: {string.Join(", ", counts.OrderBy(static count => count.Key, StringComparer.Ordinal).Select(static count => $"{count.Key} {count.Value}"))}").ConfigureAwait(false);
        // The clients of this process are among the clients counted, $SYS itself among the retained messages.
        Check("sessions", content.Sessions, counts["clients/disconnected"]);
        Check("queued messages", content.Queued, counts["packet/out/count"]);
        var retained = await CountRetainedAsync(broker, content).ConfigureAwait(false);
        Check("retained messages", content.Retained, retained);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, SessionsLookedAt).Select(index => (int)((long)index * content.Sessions / SessionsLookedAt)),
            async (session, _) => await TakeQueueAsync(broker, content, session).ConfigureAwait(false)).ConfigureAwait(false);
        await output.WriteLineAsync($"  clients: {retained} retained messages, {SessionsLookedAt} sessions with {content.QueuedEach} messages each, in order; {broker.ResidentBytes >> 20} MiB resident").ConfigureAwait(false);
    }

    // What was synced leaves the cache.
    private static void ForgetCached(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        if (Advise(file, 0, 0, WillNotNeed) is not 0 and var error) throw new Win32Exception(error);
    }

    private static void Check(string what, long expected, long actual)
    {
        if (actual != expected) throw new InvalidOperationException($"{what}: {actual}, and {expected} were stored");
    }

    private static async Task<Dictionary<string, long>> ReadCountsAsync(MeasuredBroker broker)
    {
        string[] topics = ["clients/disconnected", "packet/out/count", "subscriptions/count", "retained messages/count"];
        var counts = new Dictionary<string, long>();
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var client = await broker.ConnectAsync(new MqttClientOptions { ClientId = "counts" }, (MqttClient _, scoped in ReceivedMessage message) =>
        {
            var topic = Encoding.UTF8.GetString(message.TopicName)["$SYS/broker/".Length..];
            if (!topics.Contains(topic)) return;
            counts[topic] = long.Parse(Encoding.UTF8.GetString(message.Payload), CultureInfo.InvariantCulture);
            if (counts.Count == topics.Length) complete.TrySetResult();
        }).ConfigureAwait(false);
        await client.SubscribeAsync("$SYS/broker/#").ConfigureAwait(false);
        await complete.Task.WaitAsync(s_guard).ConfigureAwait(false);
        await client.DisconnectAsync().ConfigureAwait(false);
        return counts;
    }

    private static async Task<int> CountRetainedAsync(MeasuredBroker broker, LargeStore content)
    {
        var seen = new bool[content.Retained];
        var count = 0;
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var client = await broker.ConnectAsync(new MqttClientOptions { ClientId = "retained" }, (MqttClient _, scoped in ReceivedMessage message) =>
        {
            var number = LargeStore.NumberOf(message.Payload);
            if (!message.Retain || seen[number]) complete.TrySetException(new InvalidOperationException($"retained message {number} came twice, or as a new one"));
            seen[number] = true;
            if (++count == content.Retained) complete.TrySetResult();
        }).ConfigureAwait(false);
        await client.SubscribeAsync(LargeStore.RetainedFilter, QualityOfService.AtLeastOnce).ConfigureAwait(false);
        await complete.Task.WaitAsync(s_guard).ConfigureAwait(false);
        await client.DisconnectAsync().ConfigureAwait(false);
        return count;
    }

    private static async Task TakeQueueAsync(MeasuredBroker broker, LargeStore content, int session)
    {
        var next = session;
        var left = content.QueuedEach;
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var client = await broker.ConnectAsync(
            new MqttClientOptions { ClientId = LargeStore.ClientIdOf(session), CleanStart = false, SessionExpiryInterval = uint.MaxValue, ManualAcknowledgement = true },
            (MqttClient _, scoped in ReceivedMessage message) =>
            {
                var number = LargeStore.NumberOf(message.Payload);
                if (number != next) complete.TrySetException(new InvalidOperationException($"session {session} got message {number} in place of {next}"));
                next += content.Sessions;
                if (--left == 0) complete.TrySetResult();
            }).ConfigureAwait(false);
        if (client.Connection is not { SessionPresent: true }) throw new InvalidOperationException($"session {session} is gone");
        await complete.Task.WaitAsync(s_guard).ConfigureAwait(false);
        // Nothing is acknowledged, so the next start finds the same.
        await client.DisconnectAsync().ConfigureAwait(false);
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
