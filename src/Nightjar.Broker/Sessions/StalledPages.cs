using System.Collections.Concurrent;

namespace Nightjar.Broker.Sessions;

/// <summary>What waits for a store that could not read, to be tried again at the broker's next tick.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class StalledPages
{
    private readonly ConcurrentQueue<Action> _retries = new();

    /// <summary>Has something tried again.</summary>
    internal void Add(Action retry) => _retries.Enqueue(retry);

    /// <summary>Tries everything once that is there now.</summary>
    internal void Retry()
    {
        for (var left = _retries.Count; left > 0 && _retries.TryDequeue(out var retry); left--) retry();
    }
}
