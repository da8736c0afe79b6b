using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Retained;

/// <summary>A level of the retained index: the value of the topic that ends here and the levels below. 48 bytes.</summary>
internal sealed class RetainedNode<T>(byte[] source, int offset, int length, uint levelHash) : LevelNode(source, offset, length, levelHash)
    where T : class
{
    private volatile T? _value;

    // Null, a RetainedNode, or a LevelMap when there are several.
    private volatile object? _children;

    /// <summary>The value of the topic that ends here, or null.</summary>
    public T? Value
    {
        get => _value;
        init => _value = value;
    }

    /// <summary>Null, one <see cref="RetainedNode{T}"/>, or a <see cref="LevelMap"/>.</summary>
    public object? Children => _children;

    /// <summary>Sets the value, or takes it away. Writer only.</summary>
    /// <returns>The value before.</returns>
    public T? Exchange(T? value) => Interlocked.Exchange(ref _value, value);

    /// <summary>Replaces the value if there is one. Any thread.</summary>
    /// <returns>The value before, or null when there was none, and then there is none.</returns>
    public T? TryReplace(T value)
    {
        while (_value is { } old)
        {
            if (ReferenceEquals(Interlocked.CompareExchange(ref _value, value, old), old)) return old;
        }

        return null;
    }

    /// <summary>The child of a level, or null. Any thread.</summary>
    public RetainedNode<T>? FindChild(ReadOnlySpan<byte> level, uint hash)
    {
        var children = _children;
        if (children is LevelMap map) return (RetainedNode<T>?)map.Find(level, hash);
        return children is RetainedNode<T> only && only.BeginsWith(level) ? only : null;
    }

    /// <summary>Adds a child of a level that has none. Writer only.</summary>
    public void AddChild(RetainedNode<T> child)
    {
        switch (_children)
        {
            case null:
                _children = child;
                break;
            case LevelMap map:
                map.Add(child);
                break;
            case RetainedNode<T> only:
                LevelMap several = new();
                several.Add(only);
                several.Add(child);
                _children = several;
                break;
        }
    }

    /// <summary>Removes a child. Writer only.</summary>
    public void RemoveChild(RetainedNode<T> child)
    {
        if (_children is not LevelMap map)
        {
            _children = null;
            return;
        }

        map.Remove(child);
        if (map.Count == 1) _children = map.Any();
    }
}
