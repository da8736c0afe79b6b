using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Connections;

/// <summary>
/// Releases what waits for the store: each connection keeps its acknowledgements in order, and is told once per commit how far the store is.
/// </summary>
/// <remarks>With a store whose tickets are durable at once nothing ever waits, and nothing here is called.</remarks>
internal sealed class DurabilityRelease
{
    private readonly IMessageStore _store;
    private readonly Lock _gate = new();
    private HashSet<ClientConnection> _waiting = [];

    // Two that take turns, so that a commit leaves no garbage; null while the store's thread has it.
    private HashSet<ClientConnection>? _spare = [];

    internal DurabilityRelease(IMessageStore store)
    {
        _store = store;
        store.OnDurable(Release);
    }

    /// <summary>Ticket up to which everything is durable.</summary>
    internal long Durable => _store.DurableTicket;

    /// <summary>Whether everything up to a ticket is durable.</summary>
    internal bool IsDurable(long ticket) => ticket <= _store.DurableTicket;

    /// <summary>Has a connection released at the next commit; the caller has queued what waits before.</summary>
    internal void Await(ClientConnection connection, long ticket)
    {
        lock (_gate) _waiting.Add(connection);
        // The commit may have come between the caller's look and now. Others are left to the store's thread: the caller may hold its own gate.
        if (IsDurable(ticket)) connection.ReleaseDurable(_store.DurableTicket);
    }

    private void Release(long durable)
    {
        HashSet<ClientConnection> waiting;
        lock (_gate)
        {
            if (_waiting.Count == 0) return;
            waiting = _waiting;
            _waiting = _spare ?? [];
            _spare = null;
        }

        foreach (var connection in waiting)
        {
            if (connection.ReleaseDurable(durable)) continue;
            lock (_gate) _waiting.Add(connection);
        }

        waiting.Clear();
        lock (_gate) _spare = waiting;
    }
}
