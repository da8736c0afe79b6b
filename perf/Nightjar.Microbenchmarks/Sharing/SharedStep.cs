using System.Text;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport.Buffers;

namespace Nightjar.Microbenchmarks.Sharing;

/// <summary>A step of a message's way, for any number of threads at once.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Begin">Makes what the threads share, and an operation for each of them that does the step so many times.</param>
internal sealed record SharedStep(string Name, Func<int, SharedStep.Run> Begin)
{
    private const int Topics = 16;
    private const int Batch = 64;

    /// <summary>The steps, after the two that they are compared with.</summary>
    internal static IEnumerable<SharedStep> All =>
    [
        new("to compare: a counter of the thread's own", static threads => new Run([.. Enumerable.Range(0, threads).Select(static _ => OwnCounter())])),
        new("to compare: one counter for all", OneCounter),
        new("route look-up, each its own 16 topics", static threads => Routes(threads, sharesTopics: false, misses: false)),
        new("route look-up, the same 16 topics", static threads => Routes(threads, sharesTopics: true, misses: false)),
        new("route look-up, while one of them looks up topics that are not there", static threads => Routes(threads, sharesTopics: true, misses: true)),
        new("whether a route is still true", Generations),
        new("match of a topic in the trie", Matches),
        new("access decision, not cached", Decisions),
        new("counting a batch", Counting),
        new("a kept message, taken and let go", Messages),
        new("a buffer of 64 KiB, taken and let go", Buffers),
        new("memory account", static threads => Each(threads, new MemoryAccount(new MessagePool()), static account => { account.Add(64); account.Add(-64); })),
        new("a whole message, QoS 0, each thread its own pair", static threads => Pairs(threads, QualityOfService.AtMostOnce)),
        new("a whole message, QoS 1, each thread its own pair", static threads => Pairs(threads, QualityOfService.AtLeastOnce)),
        new("a whole message, QoS 0, access rules active", static threads => Pairs(threads, QualityOfService.AtMostOnce, withRules: true)),
    ];

    private static Run Each<T>(int threads, T shared, Action<T> once) => new([.. Enumerable.Range(0, threads).Select(_ => (Action<int>)(count =>
    {
        for (int i = 0; i < count; i++) once(shared);
    }))]);

    private static Action<int> OwnCounter()
    {
        long[] counter = new long[32];
        return count =>
        {
            for (int i = 0; i < count; i++) Interlocked.Increment(ref counter[16]);
        };
    }

    private static Run OneCounter(int threads)
    {
        long[] counter = new long[32];
        return Each(threads, counter, static counter => Interlocked.Increment(ref counter[16]));
    }

    private static byte[] Topic(int thread, int i) => Encoding.UTF8.GetBytes($"site/{thread}/dev/{i}/temp");

    private static Run Routes(int threads, bool sharesTopics, bool misses)
    {
        var cache = new RouteCache<Route>(4096);
        var operations = new Action<int>[threads];
        for (int thread = 0; thread < threads; thread++)
        {
            byte[][] topics = [.. Enumerable.Range(0, Topics).Select(i => Topic(sharesTopics ? 0 : thread, i))];
            uint[] hashes = [.. topics.Select(static topic => RouteCache<Route>.HashOf(topic))];
            for (int i = 0; i < Topics; i++) cache.Add(new Route((byte[])topics[i].Clone(), hashes[i], default, 0));
            operations[thread] = count =>
            {
                for (int i = 0; i < count; i++) _ = cache.Get(topics[i % Topics], hashes[i % Topics]);
            };
        }

        if (misses && threads > 1)
        {
            // Its own figure counts too, and is one of many.
            byte[] unknown = "none"u8.ToArray();
            operations[0] = count =>
            {
                for (uint i = 0; i < (uint)count; i++)
                {
                    if (cache.Get(unknown, i) is null) cache.ShouldAdmit(i);
                }
            };
        }

        return new Run(operations);
    }

    private static Run Generations(int threads)
    {
        var generations = new SubscriptionGenerations();
        TopicStripe stripe = SubscriptionGenerations.StripeOf(Topic(0, 0));
        return Each(threads, (generations, stripe), static shared => shared.generations.Sum(shared.stripe));
    }

    private static Run Matches(int threads)
    {
        var trie = new SubscriptionTrie();
        var subscriber = new Reader();
        for (int i = 0; i < 1000; i++) trie.Add(new Subscription(subscriber, Topic(i / Topics, i % Topics)));
        trie.Add(new Subscription(subscriber, "site/+/dev/1/temp"u8.ToArray()));
        return new Run([.. Enumerable.Range(0, threads).Select(thread =>
        {
            byte[] topic = Topic(thread, 1);
            var result = new MatchResult();
            return (Action<int>)(count =>
            {
                for (int i = 0; i < count; i++)
                {
                    result.Clear();
                    trie.Match(topic, result);
                }
            });
        })]);
    }

    private static Run Decisions(int threads)
    {
        var gate = new AccessGate(AccessList.Parse(["topic readwrite site/+/dev/#", .. Enumerable.Range(0, 1000).Select(static i => $"topic read x/{i}/+")], "f").Compile());
        return new Run([.. Enumerable.Range(0, threads).Select(thread =>
        {
            byte[] topic = Topic(thread, 1);
            var identity = new Identity($"c{thread}", null, null);
            return (Action<int>)(count =>
            {
                for (int i = 0; i < count; i++) gate.May(identity, AccessAction.Write, topic);
            });
        })]);
    }

    private static Run Counting(int threads)
    {
        var counters = new BrokerCounters();
        return new Run([.. Enumerable.Range(0, threads).Select(thread => (Action<int>)(count =>
        {
            for (int i = 0; i < count; i++)
            {
                var batch = new BatchCounters { PacketsReceived = 1, PublishReceived = 1, PublishSent = 1, BytesReceived = 64, BytesSent = 64 };
                counters.Add(ref batch, thread);
            }
        }))]);
    }

    private static Run Messages(int threads) => Each(threads, new MessagePool(), static pool => pool.Return(pool.Rent(64), 64));

    private static Run Buffers(int threads) => Each(threads, new BufferPool(), static pool => pool.Return(pool.Rent(BufferPool.LargestClass)));

    // One broker; a publisher and a subscriber for each thread.
    private static Run Pairs(int threads, QualityOfService qos, bool withRules = false)
    {
        string[] rules = ["topic readwrite t/#", .. Enumerable.Range(0, 100).Select(static i => $"topic read x/{i}/+")];
        var broker = new SteppedBroker(authorizer: withRules ? AccessList.Parse(rules, "f").Compile() : null);
        var operations = new Action<int>[threads];
        for (int thread = 0; thread < threads; thread++)
        {
            SteppedClient[] clients = [broker.Connect($"p{thread}"), broker.Connect($"s{thread}")];
            string topic = $"t/{thread}";
            clients[1].Subscribe(topic, qos);
            byte[] batch = [.. Enumerable.Range(1, Batch).SelectMany(i => WirePackets.Publish(ProtocolVersion.Mqtt50, topic, new string('x', 64), qos, (ushort)i))];
            operations[thread] = count =>
            {
                for (int i = 0; i < count; i += Batch)
                {
                    clients[0].Feed(batch);
                    SteppedBroker.Settle(clients);
                }
            };
        }

        return new Run(operations, broker);
    }

    /// <summary>What one measurement needs.</summary>
    /// <param name="Operations">One for each thread.</param>
    /// <param name="Shared">What is to be disposed of afterwards; null for nothing.</param>
    internal sealed record Run(Action<int>[] Operations, IDisposable? Shared = null) : IDisposable
    {
        public void Dispose() => Shared?.Dispose();
    }

    private sealed class Reader : Subscriber;
}
