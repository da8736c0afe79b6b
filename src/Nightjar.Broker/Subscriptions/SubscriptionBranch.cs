using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Subscriptions;

/// <summary>The children of a <see cref="SubscriptionNode"/> that has more than one: wildcards apart, so that a match asks for them without
/// a search.</summary>
internal sealed class SubscriptionBranch : LevelMap
{
    private volatile SubscriptionNode? _singleLevel;
    private volatile SubscriptionNode? _multiLevel;

    /// <summary>The child that begins with <c>+</c>, or null.</summary>
    public SubscriptionNode? SingleLevel => _singleLevel;

    /// <summary>The child <c>#</c>, or null.</summary>
    public SubscriptionNode? MultiLevel => _multiLevel;

    /// <summary>The child with this first level, wildcards taken by their letter. Writer only.</summary>
    public SubscriptionNode? FindChild(ReadOnlySpan<byte> level, uint hash) =>
        level is [(byte)'+'] ? _singleLevel : level is [(byte)'#'] ? _multiLevel : (SubscriptionNode?)Find(level, hash);

    /// <summary>Adds a child whose first level no other has. Writer only.</summary>
    public void AddChild(SubscriptionNode child)
    {
        if (child.IsMultiLevel)
            _multiLevel = child;
        else if (child.BeginsWithSingleLevel)
            _singleLevel = child;
        else
            Add(child);
    }

    /// <summary>Puts a child in the place of another with the same first level. Writer only.</summary>
    public void ReplaceChild(SubscriptionNode child, SubscriptionNode replacement)
    {
        if (child.IsMultiLevel || child.BeginsWithSingleLevel)
            AddChild(replacement);
        else
            Replace(child, replacement);
    }

    /// <summary>Removes a child. Writer only.</summary>
    public void RemoveChild(SubscriptionNode child)
    {
        if (child.IsMultiLevel)
            _multiLevel = null;
        else if (child.BeginsWithSingleLevel)
            _singleLevel = null;
        else
            Remove(child);
    }

    /// <summary>The child when there is but one, else null. Writer only.</summary>
    public SubscriptionNode? Only()
    {
        var count = Count + (_singleLevel is null ? 0 : 1) + (_multiLevel is null ? 0 : 1);
        return count == 1 ? AnyChild() : null;
    }

    /// <summary>Some child. Writer only.</summary>
    public SubscriptionNode? AnyChild() => _singleLevel ?? _multiLevel ?? (SubscriptionNode?)Any();
}
