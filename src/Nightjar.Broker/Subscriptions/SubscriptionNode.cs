using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Subscriptions;

/// <summary>A node of the subscription trie: one or more levels, who subscribes to the filter that ends here, and what goes on from here.
/// 48 bytes.</summary>
internal sealed class SubscriptionNode(byte[] source, int offset, int length, uint levelHash) : LevelNode(source, offset, length, levelHash)
{
    // Null, a SubscriptionNode, or a SubscriptionBranch when there are several.
    private volatile object? _children;

    // Null, a Subscription, a Subscription[], or a SubscriberSet; see there.
    private volatile object? _subscribers;

    /// <summary>Null, one <see cref="SubscriptionNode"/>, or a <see cref="SubscriptionBranch"/>.</summary>
    public object? Children
    {
        get => _children;
        init => _children = value;
    }

    /// <summary>Who subscribes to the filter that ends here, as <see cref="SubscriberSet"/> keeps it. Set by the writer only.</summary>
    public object? Subscribers
    {
        get => _subscribers;
        set => _subscribers = value;
    }

    /// <summary>Whether this node is the level <c>#</c>.</summary>
    public bool IsMultiLevel => Levels is [(byte)'#'];

    /// <summary>Whether the first level is <c>+</c>.</summary>
    public bool BeginsWithSingleLevel => Levels is [(byte)'+'] or [(byte)'+', (byte)'/', ..];

    /// <summary>The child with this first level, wildcards taken by their letter, or null. Writer only.</summary>
    public SubscriptionNode? FindChild(ReadOnlySpan<byte> level, uint hash) => _children switch
    {
        SubscriptionBranch branch => branch.FindChild(level, hash),
        SubscriptionNode only when only.BeginsWith(level) => only,
        _ => null,
    };

    /// <summary>Adds a child whose first level no other has. Writer only.</summary>
    public void AddChild(SubscriptionNode child)
    {
        switch (_children)
        {
            case null:
                _children = child;
                break;
            case SubscriptionBranch branch:
                branch.AddChild(child);
                break;
            case SubscriptionNode only:
                SubscriptionBranch several = new();
                several.AddChild(only);
                several.AddChild(child);
                _children = several;
                break;
        }
    }

    /// <summary>Puts a child in the place of another with the same first level. Writer only.</summary>
    public void ReplaceChild(SubscriptionNode child, SubscriptionNode replacement)
    {
        if (_children is SubscriptionBranch branch)
            branch.ReplaceChild(child, replacement);
        else
            _children = replacement;
    }

    /// <summary>Removes a child. Writer only.</summary>
    public void RemoveChild(SubscriptionNode child)
    {
        if (_children is not SubscriptionBranch branch)
        {
            _children = null;
            return;
        }

        branch.RemoveChild(child);
        if (branch.Only() is { } only) _children = only;
    }

    /// <summary>The child when there is but one, else null. Writer only.</summary>
    public SubscriptionNode? OnlyChild() => _children as SubscriptionNode;

    /// <summary>Borrows the bytes of a subscription that is at or below this node. Writer only.</summary>
    public void BorrowSource()
    {
        var source = SubscriberSet.AnyFilterLocked(_subscribers)
            ?? (_children is SubscriptionBranch branch ? branch.AnyChild() : (SubscriptionNode?)_children)?.Source;
        if (source is not null) Source = source;
    }
}
