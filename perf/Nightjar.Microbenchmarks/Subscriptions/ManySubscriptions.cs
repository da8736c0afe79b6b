using System.Diagnostics;
using System.Globalization;
using System.Text;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Microbenchmarks.Subscriptions;

/// <summary>
/// What very many subscriptions cost the others: each topic matched once, in an order that finds nothing in the processor's caches, and a message
/// whose route is known beside one of a broker that has ten subscriptions. Prints one line of JSON.
/// </summary>
internal static class ManySubscriptions
{
    private const int Few = 10;
    private const int SubscriptionsPerClient = 10_000;
    private const int Batch = 64;
    private const int Turns = 2000;
    private const int BatchesPerTurn = 30;

    /// <summary>Measures and prints.</summary>
    /// <param name="count">Subscriptions; a multiple of ten thousand is spread over whole clients.</param>
    /// <param name="output">Takes the line.</param>
    internal static void Print(int count, TextWriter output)
    {
        using var few = new Path();
        using var many = new Path();
        few.Open(Few);
        many.Open(count);
        long[] cold = MatchEachOnce(many, count);
        (double fewNanoseconds, double manyNanoseconds, double ratio) = TakeTurns(few, many);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"subscriptions\":{count},\"cold_match_p50_us\":{cold[count / 2] / 1e3:0.000},\"cold_match_p99_us\":{cold[(int)(count * 0.99)] / 1e3:0.000},"
            + $"\"cached_ns_few\":{fewNanoseconds:0.0},\"cached_ns_many\":{manyNanoseconds:0.0},\"cached_ratio\":{ratio:0.000}}}"));
    }

    private static long[] MatchEachOnce(Path path, int count)
    {
        byte[][] topics = [.. Enumerable.Range(0, count).Select(i => Encoding.UTF8.GetBytes(TopicOf(i)))];
        new Random(1).Shuffle(topics);
        var result = new MatchResult();
        long[] nanoseconds = new long[count];
        SubscriptionTrie trie = path.Trie;
        // Compiled for good before the first one counts: topics of no subscription, so that nothing of the trie is warmed.
        byte[] unknown = "site/none/dev/none/temp"u8.ToArray();
        for (int i = 0; i < 100_000; i++)
        {
            result.Clear();
            trie.Match(unknown, result);
            if (i % 30_000 == 0) Thread.Sleep(200);
        }

        for (int i = 0; i < count; i++)
        {
            result.Clear();
            long start = Stopwatch.GetTimestamp();
            trie.Match(topics[i], result);
            nanoseconds[i] = (long)((Stopwatch.GetTimestamp() - start) * (1e9 / Stopwatch.Frequency));
            if (result.Count != 1) throw new InvalidOperationException($"{Encoding.UTF8.GetString(topics[i])} has {result.Count} matches.");
        }

        Array.Sort(nanoseconds);
        return nanoseconds;
    }

    // Short turns, each first in every other one: what slows one down slows the other down.
    private static (double Few, double Many, double Ratio) TakeTurns(Path few, Path many)
    {
        double[] first = new double[Turns], second = new double[Turns], ratios = new double[Turns];
        for (int i = -Turns; i < Turns; i++)
        {
            double a = i % 2 == 0 ? Turn(few) : 0, b = Turn(many);
            if (i % 2 != 0) a = Turn(few);
            if (i % 500 == 0) Thread.Sleep(100);
            if (i >= 0) (first[i], second[i], ratios[i]) = (a, b, b / a);
        }

        return (Median(first), Median(second), Median(ratios));
    }

    private static double Turn(Path path)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < BatchesPerTurn; i++) path.Run();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / (BatchesPerTurn * Batch);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    // The filters of mqload's mode subs.
    private static string FilterOf(int i) => string.Create(
        CultureInfo.InvariantCulture,
        $"site/{i / SubscriptionsPerClient}/dev/{i % SubscriptionsPerClient}/{(i % 10 == 0 ? "+" : "temp")}");

    private static string TopicOf(int i) => string.Create(
        CultureInfo.InvariantCulture, $"site/{i / SubscriptionsPerClient}/dev/{i % SubscriptionsPerClient}/temp");

    /// <summary>A broker with its subscriptions, and the one message that goes through it again and again.</summary>
    private sealed class Path : IDisposable
    {
        private readonly SteppedBroker _broker = new();
        private SteppedClient[] _pair = [];
        private byte[] _batch = [];

        internal SubscriptionTrie Trie => _broker.Broker.Core.Router.Subscriptions;

        internal void Open(int subscriptions)
        {
            for (int from = 0; from < subscriptions; from += SubscriptionsPerClient)
            {
                SteppedClient client = _broker.Connect($"c{from}");
                for (int i = from; i < Math.Min(from + SubscriptionsPerClient, subscriptions); i++) client.Subscribe(FilterOf(i), QualityOfService.AtMostOnce);
            }

            _pair = [_broker.Connect("p"), _broker.Connect("s")];
            _pair[1].Subscribe("pair", QualityOfService.AtMostOnce);
            byte[] publish = WirePackets.Publish(ProtocolVersion.Mqtt50, "pair", new string('x', 64));
            _batch = [.. Enumerable.Repeat(publish, Batch).SelectMany(static bytes => bytes)];
        }

        internal void Run()
        {
            _pair[0].Feed(_batch);
            SteppedBroker.Settle(_pair);
        }

        public void Dispose() => _broker.Dispose();
    }
}
