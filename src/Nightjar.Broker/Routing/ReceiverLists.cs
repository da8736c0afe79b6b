using System.Runtime.CompilerServices;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Routing;

// What. The receivers of routes that were made last, so that routes to the same receivers share one list: ten thousand topics below one wildcard
// are then one list and not ten thousand, which is memory, and the receivers of the next message stand where those of the last one did. That two
// lists are one is also how messages are seen to go to the same receivers (`MessageRun`).
//
// Cost. A place for each of 64 values of a hash over the receivers. A list of ended sessions stays until another one takes its place, so
// long lists are not kept: they are one topic's mostly.
//
// Concurrency. No locks: a place is read and written as a whole, and lists are immutable once they are here. Who finds another list in its
// place puts its own there.

/// <summary>Finds equal lists of receivers that were made before. Any thread.</summary>
internal sealed class ReceiverLists
{
    private const int Places = 64;
    private const int LongestList = 64;
    private readonly Receiver[]?[] _lists = new Receiver[]?[Places];

    /// <summary>A list made before that says the same, or the one given.</summary>
    /// <param name="receivers">A list that nobody changes any more.</param>
    internal Receiver[] Share(Receiver[] receivers)
    {
        if (receivers.Length is 0 or > LongestList) return receivers;
        ref var place = ref _lists[PlaceOf(receivers)];
        if (Volatile.Read(ref place) is { } known && AreEqual(known, receivers)) return known;
        Volatile.Write(ref place, receivers);
        return receivers;
    }

    private static int PlaceOf(Receiver[] receivers)
    {
        var hash = receivers.Length;
        foreach (ref readonly var receiver in receivers.AsSpan()) hash = (hash * 31) + RuntimeHelpers.GetHashCode(receiver.Target);
        return (int)(((uint)hash * 2654435769u) >> 26);
    }

    private static bool AreEqual(Receiver[] left, Receiver[] right)
    {
        if (left.Length != right.Length) return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (!AreEqual(left[i], right[i])) return false;
        }

        return true;
    }

    // Several identifiers, and what No Local leaves of several subscriptions, are rare: such receivers equal none.
    private static bool AreEqual(in Receiver left, in Receiver right) =>
        ReferenceEquals(left.Target, right.Target)
        && ReferenceEquals(left.Group, right.Group)
        && left.SubscriptionIdentifiers is null && right.SubscriptionIdentifiers is null
        && left.Own is null && right.Own is null
        && left.SubscriptionIdentifier == right.SubscriptionIdentifier
        && left.MaximumQoS == right.MaximumQoS
        && left.NoLocal == right.NoLocal
        && left.RetainAsPublished == right.RetainAsPublished;
}
