using System.Collections.Concurrent;

namespace Nightjar.Broker.Connections;

/// <summary>The connections that exist now, those before CONNECT included.</summary>
internal sealed class ConnectionTable
{
    private readonly ConcurrentDictionary<ClientConnection, byte> _connections = new();
    private int _count;
    private long _accepted;

    internal int Count => Volatile.Read(ref _count);

    /// <summary>Connections accepted since the start.</summary>
    internal long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Takes a place for a connection; false when <paramref name="maximum"/> (-1: none) are there.</summary>
    internal bool TryAdd(ClientConnection connection, int maximum)
    {
        if (Interlocked.Increment(ref _count) > maximum && maximum >= 0)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        Interlocked.Increment(ref _accepted);
        _connections.TryAdd(connection, 0);
        return true;
    }

    internal void Remove(ClientConnection connection)
    {
        if (_connections.TryRemove(connection, out _)) Interlocked.Decrement(ref _count);
    }

    internal IEnumerable<ClientConnection> All => _connections.Keys;
}
