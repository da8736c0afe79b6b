using System.Diagnostics;
using System.Globalization;
using System.Text;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>
/// Figures of the store on disk that need a disk and threads, and so are no micro-benchmark: what an append costs, how much becomes durable a second
/// and when, how long a large store takes to start. The store alone, without network.
/// </summary>
internal static class StoreFigures
{
    private const int Sessions = 100;
    private const int PayloadSize = 100;
    private const int HalfOfTheTarget = 75_000;

    /// <summary>See <see cref="SqliteStoreOptions.CheckpointPages"/>; NIGHTJAR_CHECKPOINT_PAGES changes it, to see what that does.</summary>
    private static readonly int CheckpointPages =
        int.TryParse(Environment.GetEnvironmentVariable("NIGHTJAR_CHECKPOINT_PAGES"), out var pages) ? pages : new SqliteStoreOptions { Path = "" }.CheckpointPages;

    // Messages that are under way to a subscriber before its acknowledgement comes.
    private const int UnderWay = 200;

    internal static void Print(TextWriter output, string directory, string part)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"figures-{Environment.ProcessId}.db");
        try
        {
            if (part is "all" or "append") Append(output, path);
            if (part is "all" or "offline") Offline(output, path);
            if (part is "all" or "online") Online(output, path);
            if (part is "all" or "start") Start(output, path);
        }
        finally
        {
            Delete(path);
        }
    }

    /// <summary>A full log: what the threads of the broker pay, with one list and with several.</summary>
    private static void Append(TextWriter output, string path)
    {
        foreach (var stripes in (int[])[1, 2, 4])
        {
            foreach (var threads in (int[])[1, 2, 4])
            {
                var store = Open(path, SqliteSync.Always, stripes);
                var stores = store.Open(new BrokerClock(TimeProvider.System));
                const int each = 200_000;
                using var gate = new ManualResetEventSlim();
                // The writer is kept busy with something else, so that only appending is measured.
                var busy = store.Writer.RunAsync(_ => gate.Wait());
                var elapsed = Together(threads, thread =>
                {
                    var claim = Claim(stores, thread);
                    var message = Message(thread);
                    for (var number = 1; number <= each; number++)
                    {
                        message.StoreId = 0;
                        AppendOne(stores, claim, message, number);
                    }
                });
                gate.Set();
                busy.Wait();
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"append: {stripes} lists, {threads} threads: {elapsed.TotalNanoseconds / each / threads * Math.Min(threads, Environment.ProcessorCount):F0} ns of a processor each"));
                store.Abandon();
                Delete(path);
            }
        }
    }

    /// <summary>Messages for sessions that are away: as many as become durable, and the wait of one at half of what is asked for.</summary>
    private static void Offline(TextWriter output, string path)
    {
        foreach (var sync in (SqliteSync[])[SqliteSync.Always, SqliteSync.Interval])
        {
            Measure(output, path, sync, rate: 0, complete: false);
            Measure(output, path, sync, HalfOfTheTarget, complete: false);
        }
    }

    /// <summary>Messages that a connected subscriber acknowledges soon after.</summary>
    private static void Online(TextWriter output, string path) => Measure(output, path, SqliteSync.Always, rate: 0, complete: true);

    private static void Measure(TextWriter output, string path, SqliteSync sync, double rate, bool complete)
    {
        const int window = 2000;
        const int most = 8_000_000;
        var store = Open(path, sync);
        var stores = store.Open(new BrokerClock(TimeProvider.System));
        var claims = Enumerable.Range(0, Sessions).Select(index => Claim(stores, index)).ToArray();
        var appended = new long[most];
        var tickets = new long[most];
        var waits = new List<double>(most);
        using var progress = new AutoResetEvent(false);
        long durable = 0;
        stores.Messages.OnDurable(ticket =>
        {
            Volatile.Write(ref durable, ticket);
            progress.Set();
        });
        var message = Message(0);
        var start = Stopwatch.GetTimestamp();
        var (count, done) = (0, 0);
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < 6 && count < most)
        {
            var now = Stopwatch.GetTimestamp();
            for (var limit = Volatile.Read(ref durable); done < count && tickets[done] <= limit; done++)
                waits.Add(Stopwatch.GetElapsedTime(appended[done], now).TotalMilliseconds);

            var due = rate == 0 ? int.MaxValue : (int)(Stopwatch.GetElapsedTime(start, now).TotalSeconds * rate);
            if (count - done >= window * (rate == 0 ? 2 : 50) || count >= due)
            {
                progress.WaitOne(1);
                continue;
            }

            message.StoreId = 0;
            appended[count] = now;
            tickets[count] = AppendOne(stores, claims[count % Sessions], message, (count / Sessions) + 1);
            count++;
            if (!complete || count <= UnderWay) continue;
            var over = count - UnderWay - 1;
            stores.Messages.MarkSent(claims[over % Sessions], (over / Sessions) + 1, 1);
            stores.Messages.Complete(claims[over % Sessions], (over / Sessions) + 1);
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        waits.Sort();
        var counters = stores.Monitor!.Counters;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(complete ? "online" : "offline")} {sync}{(rate == 0 ? "" : $" at {rate:F0}/s")}: {done / seconds:F0} messages/s durable, wait p50 {Percentile(waits, 0.5):F2} p99 {Percentile(waits, 0.99):F2} p99.9 {Percentile(waits, 0.999):F2} ms; {counters.Commits / seconds:F0} commits/s of {counters.Rows / Math.Max(1, counters.Commits)} rows, {counters.AbsorbedRows} absorbed"));
        store.Abandon();
        Delete(path);
    }

    /// <summary>A start with a million queued messages, a hundred thousand sessions, a million retained messages.</summary>
    private static void Start(TextWriter output, string path)
    {
        var content = LargeStore.OfTheTarget;
        content.FillAsync(path).GetAwaiter().GetResult();
        var size = new FileInfo(path).Length;
        GC.Collect();
        foreach (var pages in (bool[])[true, false])
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var watch = Stopwatch.StartNew();
            var store = Open(path, SqliteSync.Always);
            var opened = watch.Elapsed;
            var held = GC.GetTotalMemory(forceFullCollection: true) - before;
            watch.Restart();
            var sink = new CountingSink(pages);
            store.Open(new BrokerClock(TimeProvider.System)).Recovery!.Recover(sink);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"start, file {size >> 20} MiB, {(pages ? "queues in pages" : "queues in memory")}: index {opened.TotalSeconds:F2} s, handing over {sink.Records} records {watch.Elapsed.TotalSeconds:F2} s; index {held / (double)content.Queued:F0} bytes a queued message, with {content.Sessions} sessions"));
            store.Abandon();
        }
    }

    private static SqliteStore Open(string path, SqliteSync sync, int stripes = 0) =>
        SqliteStore.Open(new SqliteStoreOptions { Path = path, Sync = sync, Stripes = stripes, MemoryLimit = 1L << 30, CheckpointPages = CheckpointPages });

    private static SessionClaim Claim(BrokerStores stores, int index)
    {
        var clientId = string.Create(CultureInfo.InvariantCulture, $"client-{index}");
        var claim = stores.Sessions.ClaimAsync(clientId, CancellationToken.None).AsTask().Result;
        stores.Sessions.Save(claim, new SessionRecord(clientId, null, uint.MaxValue, null));
        return claim;
    }

    private static PublishedMessage Message(int index) => PublishedMessage.Unpooled(new Publication(new MessagePool())
    {
        TopicName = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"site/{index}/temperature")),
        Payload = new byte[PayloadSize],
        QoS = QualityOfService.AtLeastOnce,
    });

    private static long AppendOne(BrokerStores stores, SessionClaim claim, PublishedMessage message, long number) =>
        stores.Messages.Append(claim, message, new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null));

    private static TimeSpan Together(int threads, Action<int> action)
    {
        using var gate = new Barrier(threads + 1);
        var running = Enumerable.Range(0, threads).Select(index =>
        {
            var thread = new Thread(() =>
            {
                gate.SignalAndWait();
                action(index);
            });
            thread.Start();
            return thread;
        }).ToArray();
        gate.SignalAndWait();
        var start = Stopwatch.GetTimestamp();
        foreach (var thread in running) thread.Join();
        return Stopwatch.GetElapsedTime(start);
    }

    private static double Percentile(List<double> sorted, double share) => sorted.Count == 0 ? 0 : sorted[(int)((sorted.Count - 1) * share)];

    private static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(path + "-wal");
    }
}
