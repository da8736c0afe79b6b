using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Subscriptions;

// What. Three sets of counters say whether a route computed earlier still holds: one counter for filters that may match anything, 256
// chosen by a hash of the first level, 4096 chosen by a hash of the first two levels. A change of the subscriptions increments exactly one
// of them, chosen by its filter; a topic name looks at one of each set and adds them up. One counter for all would be right as well, but a
// single client that subscribes and unsubscribes in a loop would make every publisher of the broker match every topic anew.
//
// Which counter. A filter whose first level is a wildcard (`#`, `+`, `+/x`) may match any topic: the common counter. Otherwise its first
// level is a literal a, and every topic it matches begins with the level a. When it has no second level (`a`), or that is a wildcard
// (`a/+/x`, `a/#`, which also matches the one-level topic `a`), the counter of hash(a); every topic with the first level a looks at that
// one, also `a` itself. Otherwise its second level is a literal b, and every topic it matches begins with the levels a, b: the counter of
// hash(a, b); `a/b/#` matches `a/b`, which has both. So a topic looks at the counter of every filter that could match it. Two levels or
// names with the same hash share a counter, which costs a needless match and no more.
//
// Proof that equal sums mean no relevant change. The counters only grow (64 bits do not wrap in practice). A reader takes a sum S0, then
// matches and stores S0 with the route; later it takes S1 and finds S1 = S0. The counters are not read at one instant, but each was read
// for S1 after it was read for S0, so each value in S1 is at least that in S0; sums of such values are equal only if every value is. So
// none of the three counters was incremented between its two readings. Take any change that concerns the topic. The trie shows it first and
// increments afterwards, in this order for all who see the increment (interlocked increment, acquiring reads). If the increment came before
// the reading for S0, the match that followed S0 saw the change. If not, it did not come before the reading for S1 either, so the change
// was not complete when S1 was taken, and to use the route is to publish before the change. The route may already show a part of such
// changes; their increments are still to come and will only make the route be computed once more. QED. The same argument is why S0 must be
// taken BEFORE the match: a change between the match and a later reading would be counted as seen.
//
// Cost. 34 KB once; a sum is three loads, of which that of the common counter is shared by all. With thousands of topics the other two are seldom in a
// near cache. So all changes together are counted once more, behind their own counter: a reader takes that count C0, then a sum that is equal to S0, and
// stores C0 with the route. Whoever finds C1 = C0 later knows that no change was told of in between, or that it was not complete: the proof above holds
// for it with the time of C1 in the place of S1's. Who finds another count takes the sum.

/// <summary>Tells whether subscriptions that concern a topic name have changed.</summary>
internal sealed class SubscriptionGenerations
{
    private const int FirstLevelStripes = 256;
    private const int SecondLevelStripes = 4096;

    private readonly long[] _firstLevel = new long[FirstLevelStripes];
    private readonly long[] _secondLevel = new long[SecondLevelStripes];
    private long _common;
    private long _changes;

    /// <summary>Chooses the counters that concern a topic name. Does not change for the life of the process.</summary>
    /// <remarks>Does not allocate. Looks at the first two levels only.</remarks>
    public static TopicStripe StripeOf(ReadOnlySpan<byte> topicName)
    {
        var first = FirstLevelEnd(topicName);
        var second = SecondLevelEnd(topicName, first);
        return new TopicStripe(FirstLevelStripe(topicName[..first]), SecondLevelStripe(topicName[..second]));
    }

    /// <summary>Adds the counters up. Take the sum before matching and store it with what was matched; as long as a later sum equals it,
    /// nothing that concerns the topic has changed.</summary>
    public long Sum(TopicStripe stripe) =>
        Volatile.Read(ref _common)
        + Volatile.Read(ref _firstLevel[stripe.FirstLevel])
        + Volatile.Read(ref _secondLevel[stripe.SecondLevel]);

    /// <summary>Whether nothing that concerns the topic name has changed since a sum was taken: mostly one look that all topics share.</summary>
    /// <param name="sum">The sum.</param>
    /// <param name="stripe">The topic name's.</param>
    /// <param name="changes">What this remembers with the sum: -1 at first. Several threads may share it; a value that is lost has the sum taken once more.</param>
    public bool Holds(long sum, TopicStripe stripe, ref long changes)
    {
        // Before the sum: a change in between makes what is remembered look older than it is, never newer.
        var now = Volatile.Read(ref _changes);
        if (Volatile.Read(ref changes) == now) return true;
        if (Sum(stripe) != sum) return false;
        Volatile.Write(ref changes, now);
        return true;
    }

    /// <summary>Tells that subscriptions to a filter have changed. Call it after the change is visible. Any thread.</summary>
    /// <param name="filter">Topic Filter without <c>$share/{ShareName}/</c>.</param>
    public void Bump(ReadOnlySpan<byte> filter)
    {
        var first = FirstLevelEnd(filter);
        if (IsWildcard(filter[..first]))
        {
            BumpAll();
            return;
        }

        var second = SecondLevelEnd(filter, first);
        if (second == first || IsWildcard(filter[(first + 1)..second]))
            Interlocked.Increment(ref _firstLevel[FirstLevelStripe(filter[..first])]);
        else
            Interlocked.Increment(ref _secondLevel[SecondLevelStripe(filter[..second])]);
        Interlocked.Increment(ref _changes);
    }

    /// <summary>Makes every stored sum unequal, for changes that concern any topic, such as those of rights. Any thread.</summary>
    public void BumpAll()
    {
        Interlocked.Increment(ref _common);
        Interlocked.Increment(ref _changes);
    }

    private static bool IsWildcard(ReadOnlySpan<byte> level) => level.Length == 1 && level[0] is (byte)'+' or (byte)'#';

    private static int FirstLevelEnd(ReadOnlySpan<byte> name)
    {
        var end = name.IndexOf((byte)'/');
        return end < 0 ? name.Length : end;
    }

    // Equal to the end of the first level when there is no second one; an empty second level ends one later.
    private static int SecondLevelEnd(ReadOnlySpan<byte> name, int first)
    {
        if (first == name.Length) return first;
        var end = name[(first + 1)..].IndexOf((byte)'/');
        return end < 0 ? name.Length : first + 1 + end;
    }

    private static ushort FirstLevelStripe(ReadOnlySpan<byte> level) => (ushort)(SeededHash.Hash32(level) % FirstLevelStripes);

    private static ushort SecondLevelStripe(ReadOnlySpan<byte> levels) => (ushort)(SeededHash.Hash32(levels) % SecondLevelStripes);
}
