namespace Nightjar.Broker.Persistence;

/// <summary>
/// Whether a store can write, and whether it keeps up. The store sets it; the engine asks before it takes something that would have to be kept, and is
/// told of changes.
/// </summary>
/// <remarks>Any thread; asking takes no lock. A healthy store that fails, and a failed one that recovers, tell once each; so does one that falls behind and catches up.</remarks>
internal sealed class StoreCondition
{
    private readonly Lock _gate = new();
    private Action<string?>? _changed;
    private Action<bool>? _busyChanged;
    private string? _failure;
    private TaskCompletionSource? _calm;

    /// <summary>Whether nothing becomes durable at present.</summary>
    internal bool IsFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Why, for people; null for a healthy store.</summary>
    internal string? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether the disk is slower than what comes: who makes the store grow waits for <see cref="CalmAsync"/>. Never of a failed store, which refuses.</summary>
    internal bool IsBusy => Volatile.Read(ref _calm) is not null;

    /// <summary>Completes when the store is not busy any more.</summary>
    internal Task CalmAsync() => Volatile.Read(ref _calm)?.Task ?? Task.CompletedTask;

    /// <summary>Sets who is told, on the store's thread and without a lock of the store: with true when the store becomes busy, with false when it no longer is.</summary>
    internal void OnBusyChanged(Action<bool> callback)
    {
        lock (_gate) _busyChanged += callback;
    }

    /// <summary>The store falls behind, or has caught up. One thread of the store.</summary>
    internal void SetBusy(bool isBusy)
    {
        var calm = _calm;
        if (isBusy == calm is not null) return;
        Volatile.Write(ref _calm, isBusy ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null);
        calm?.SetResult();
        Action<bool>? changed;
        lock (_gate) changed = _busyChanged;
        changed?.Invoke(isBusy);
    }

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
            Volatile.Write(ref _failure, failure);
            if (!isChange) return;
            changed = _changed;
        }

        changed?.Invoke(failure);
    }
}
