using System.Runtime.CompilerServices;

namespace Nightjar.Broker.Subscriptions;

/// <summary>What <see cref="SubscriptionTrie.Match"/> found, and the stack it needs. Reusable; one thread at a time.</summary>
/// <remarks>Grows to what was needed and then allocates no more.</remarks>
internal sealed class MatchResult
{
    // What a single enormous match needed is not kept for ever.
    private const int MostKept = 1 << 17;
    private const int Initial = 16;

    private Subscription[] _subscriptions = new Subscription[Initial];
    private SharedGroup[] _groups = new SharedGroup[4];
    private SubscriptionVisit[] _stack = new SubscriptionVisit[Initial];
    private int _depth;

    /// <summary>Matched subscriptions that are not shared; the first <see cref="Count"/> are valid. Those of one filter are in order of
    /// subscription.</summary>
    /// <remarks>A client with overlapping filters is there once for each of them.</remarks>
    public Subscription[] Subscriptions => _subscriptions;

    /// <summary>Number of matched subscriptions that are not shared.</summary>
    public int Count { get; private set; }

    /// <summary>Filters that these belong to.</summary>
    public int FilterCount { get; internal set; }

    /// <summary>Matched shared subscriptions; the first <see cref="GroupCount"/> are valid.</summary>
    public SharedGroup[] Groups => _groups;

    /// <summary>Number of matched shared subscriptions.</summary>
    public int GroupCount { get; private set; }

    /// <summary>Forgets what was found, so that it keeps no session alive.</summary>
    public void Clear()
    {
        if (_subscriptions.Length > MostKept)
            _subscriptions = new Subscription[Initial];
        else
            Array.Clear(_subscriptions, 0, Count);

        if (_groups.Length > MostKept)
            _groups = new SharedGroup[Initial];
        else
            Array.Clear(_groups, 0, GroupCount);

        Count = 0;
        GroupCount = 0;
        FilterCount = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(Subscription subscription)
    {
        if (Count == _subscriptions.Length) Array.Resize(ref _subscriptions, Count * 2);
        _subscriptions[Count++] = subscription;
    }

    internal void Add(SharedGroup group)
    {
        if (GroupCount == _groups.Length) Array.Resize(ref _groups, GroupCount * 2);
        _groups[GroupCount++] = group;
    }

    /// <summary>Empties the stack.</summary>
    internal void BeginVisits() => _depth = 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Push(SubscriptionNode node, int position)
    {
        if (_depth == _stack.Length) Array.Resize(ref _stack, _depth * 2);
        _stack[_depth++] = new SubscriptionVisit(node, position);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryPop(out SubscriptionNode node, out int position)
    {
        if (_depth == 0)
        {
            node = null!;
            position = 0;
            return false;
        }

        ref var visit = ref _stack[--_depth];
        node = visit.Node;
        position = visit.Position;
        visit = default;
        return true;
    }
}
