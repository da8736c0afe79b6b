using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nightjar.Protocol;

namespace Nightjar.Broker.Diagnostics;

/// <summary>What happened during one batch on one thread: plain fields, added to the broker's totals when the batch ends, or with those of other batches when the turn of an event loop does.</summary>
internal struct BatchCounters
{
    internal long PacketsReceived;
    internal long PacketsSent;
    internal long BytesReceived;
    internal long BytesSent;
    internal long PublishReceived;
    internal long PublishSent;
    internal long PublishDropped;
    internal long PublishBytesReceived;
    internal long PublishBytesSent;
    internal long RetainedSent;
    internal long RoutesBuilt;

    /// <summary>Control packets by type; those of PUBLISH are <see cref="PublishReceived"/> and <see cref="PublishSent"/>.</summary>
    internal PacketTypeCounts ReceivedByType;

    internal PacketTypeCounts SentByType;

    /// <summary>Adds all counts to those of another batch and clears them. Of one thread.</summary>
    internal void MoveTo(ref BatchCounters sum)
    {
        var counts = AsSpan(ref this);
        var sums = AsSpan(ref sum);
        var done = 0;
        for (; done <= counts.Length - Vector<long>.Count; done += Vector<long>.Count)
            (new Vector<long>(counts[done..]) + new Vector<long>(sums[done..])).CopyTo(sums[done..]);
        for (; done < counts.Length; done++) sums[done] += counts[done];
        counts.Clear();
    }

    // It has nothing but counts.
    private static Span<long> AsSpan(ref BatchCounters counters) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<BatchCounters, long>(ref counters), Unsafe.SizeOf<BatchCounters>() / sizeof(long));
}

/// <summary>A count for each of the sixteen packet types.</summary>
[InlineArray(Count)]
internal struct PacketTypeCounts
{
    internal const int Count = 16;
    private long _first;
}

/// <summary>
/// The broker's running totals. A thread adds its batches to the stripe of its index, so that threads meet on no cache line; a reader sums
/// the stripes.
/// </summary>
internal sealed class BrokerCounters
{
    private const int StripeCount = 16;
    private readonly Stripe[] _stripes = new Stripe[StripeCount];

    internal BrokerCounters()
    {
        for (var i = 0; i < StripeCount; i++) _stripes[i] = new Stripe();
    }

    /// <summary>Counts that a limit acted: something was dropped, refused, held back or closed because of it.</summary>
    /// <remarks>One interlocked addition on a cache line of the thread's stripe.</remarks>
    internal void CountLimit(BrokerLimit limit) =>
        Interlocked.Increment(ref _stripes[Environment.CurrentManagedThreadId & (StripeCount - 1)].Limits[(int)limit]);

    /// <summary>How often a limit acted since the start.</summary>
    internal long LimitReached(BrokerLimit limit)
    {
        long sum = 0;
        foreach (var stripe in _stripes) sum += Volatile.Read(ref stripe.Limits[(int)limit]);
        return sum;
    }

    /// <summary>Adds a batch and clears it.</summary>
    internal void Add(ref BatchCounters batch, int threadIndex)
    {
        var stripe = _stripes[threadIndex & (StripeCount - 1)];
        AddTo(ref stripe.Totals.PacketsReceived, batch.PacketsReceived);
        AddTo(ref stripe.Totals.PacketsSent, batch.PacketsSent);
        AddTo(ref stripe.Totals.BytesReceived, batch.BytesReceived);
        AddTo(ref stripe.Totals.BytesSent, batch.BytesSent);
        AddTo(ref stripe.Totals.PublishReceived, batch.PublishReceived);
        AddTo(ref stripe.Totals.PublishSent, batch.PublishSent);
        AddTo(ref stripe.Totals.PublishDropped, batch.PublishDropped);
        AddTo(ref stripe.Totals.PublishBytesReceived, batch.PublishBytesReceived);
        AddTo(ref stripe.Totals.PublishBytesSent, batch.PublishBytesSent);
        AddTo(ref stripe.Totals.RetainedSent, batch.RetainedSent);
        AddTo(ref stripe.Totals.RoutesBuilt, batch.RoutesBuilt);
        for (var type = 0; type < PacketTypeCounts.Count; type++)
        {
            AddTo(ref stripe.Totals.ReceivedByType[type], batch.ReceivedByType[type]);
            AddTo(ref stripe.Totals.SentByType[type], batch.SentByType[type]);
        }

        batch = default;
    }

    /// <summary>Counts one packet received outside a batch.</summary>
    internal void AddReceived(PacketType type, int length)
    {
        var counters = new BatchCounters { PacketsReceived = 1, BytesReceived = length };
        counters.ReceivedByType[(int)type] = 1;
        Add(ref counters, Environment.CurrentManagedThreadId);
    }

    /// <summary>Counts one packet sent outside a batch.</summary>
    internal void AddSent(PacketType type, int length)
    {
        var counters = new BatchCounters { PacketsSent = 1, BytesSent = length };
        counters.SentByType[(int)type] = 1;
        Add(ref counters, Environment.CurrentManagedThreadId);
    }

    /// <summary>Sums all stripes; values of a batch, or of a turn of an event loop, that is under way may be missing.</summary>
    internal BatchCounters Sum()
    {
        var sum = default(BatchCounters);
        foreach (var stripe in _stripes)
        {
            sum.PacketsReceived += Volatile.Read(ref stripe.Totals.PacketsReceived);
            sum.PacketsSent += Volatile.Read(ref stripe.Totals.PacketsSent);
            sum.BytesReceived += Volatile.Read(ref stripe.Totals.BytesReceived);
            sum.BytesSent += Volatile.Read(ref stripe.Totals.BytesSent);
            sum.PublishReceived += Volatile.Read(ref stripe.Totals.PublishReceived);
            sum.PublishSent += Volatile.Read(ref stripe.Totals.PublishSent);
            sum.PublishDropped += Volatile.Read(ref stripe.Totals.PublishDropped);
            sum.PublishBytesReceived += Volatile.Read(ref stripe.Totals.PublishBytesReceived);
            sum.PublishBytesSent += Volatile.Read(ref stripe.Totals.PublishBytesSent);
            sum.RetainedSent += Volatile.Read(ref stripe.Totals.RetainedSent);
            sum.RoutesBuilt += Volatile.Read(ref stripe.Totals.RoutesBuilt);
            for (var type = 0; type < PacketTypeCounts.Count; type++)
            {
                sum.ReceivedByType[type] += Volatile.Read(ref stripe.Totals.ReceivedByType[type]);
                sum.SentByType[type] += Volatile.Read(ref stripe.Totals.SentByType[type]);
            }
        }

        return sum;
    }

    private static void AddTo(ref long total, long value)
    {
        if (value != 0) Interlocked.Add(ref total, value);
    }

    private sealed class Stripe
    {
        internal PaddedCounters Padded;
        internal readonly long[] Limits = new long[BrokerLimits.Names.Length];

        internal ref BatchCounters Totals => ref Padded.Totals;
    }

    // Keeps the totals of two stripes on different cache lines whatever the allocator does.
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    private struct PaddedCounters
    {
        [FieldOffset(64)]
        internal BatchCounters Totals;
    }
}
