namespace Nightjar.Broker.Persistence;

/// <summary>Whether a store can write. The store sets it; the engine asks before it takes something that would have to be kept, and is told of changes.</summary>
/// <remarks>Any thread; asking takes no lock. A healthy store that fails, and a failed one that recovers, tell once each.</remarks>
internal sealed class StoreCondition
{
    private readonly Lock _gate = new();
    private Action<string?>? _changed;
    private string? _failure;
    private bool _hasRecovered;

    /// <summary>Whether nothing becomes durable at present.</summary>
    internal bool IsFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Whether the store writes again after a failure. False for one that was always well, which refuses only who does not own it any more.</summary>
    internal bool HasRecovered => Volatile.Read(ref _hasRecovered) && !IsFailed;

    /// <summary>Why, for people; null for a healthy store.</summary>
    internal string? Failure => Volatile.Read(ref _failure);

    /// <summary>Sets who is told, on the store's thread and without a lock of the store: with the reason at a failure, with null at a recovery.</summary>
    internal void OnChanged(Action<string?> callback)
    {
        lock (_gate) _changed += callback;
    }

    /// <summary>The store has failed, before it says anything else of it. A failure while failed only changes the reason.</summary>
    internal void Fail(string reason) => Change(reason);

    /// <summary>The store writes again and has told that everything it had taken is durable.</summary>
    internal void Recover() => Change(null);

    private void Change(string? failure)
    {
        Action<string?>? changed;
        lock (_gate)
        {
            var isChange = failure is null != _failure is null;
            if (isChange && failure is null) Volatile.Write(ref _hasRecovered, true);
            Volatile.Write(ref _failure, failure);
            if (!isChange) return;
            changed = _changed;
        }

        changed?.Invoke(failure);
    }
}
