namespace Nightjar.Broker.Connections;

/// <summary>The connections that exist now, those before CONNECT included: a list that runs through the connections themselves.</summary>
internal sealed class ConnectionTable
{
    private readonly Lock _lock = new();
    private ClientConnection? _first;
    private int _count;
    private long _accepted;

    internal int Count => Volatile.Read(ref _count);

    /// <summary>Connections accepted since the start.</summary>
    internal long Accepted => Volatile.Read(ref _accepted);

    /// <summary>All of them at one moment.</summary>
    internal ClientConnection[] All
    {
        get
        {
            lock (_lock)
            {
                var all = new ClientConnection[_count];
                var next = _first;
                for (var i = 0; next is not null; i++)
                {
                    all[i] = next;
                    next = next.NextConnection;
                }

                return all;
            }
        }
    }

    /// <summary>Takes a place for a connection; false when <paramref name="maximum"/> (-1: none) are there.</summary>
    internal bool TryAdd(ClientConnection connection, int maximum)
    {
        lock (_lock)
        {
            if (_count >= maximum && maximum >= 0) return false;
            Volatile.Write(ref _count, _count + 1);
            Volatile.Write(ref _accepted, _accepted + 1);
            connection.NextConnection = _first;
            if (_first is not null) _first.PreviousConnection = connection;
            _first = connection;
            return true;
        }
    }

    /// <summary>Gives the place back; once for each <see cref="TryAdd"/> that succeeded.</summary>
    internal void Remove(ClientConnection connection)
    {
        lock (_lock)
        {
            if (connection.PreviousConnection is { } previous) previous.NextConnection = connection.NextConnection;
            else if (ReferenceEquals(_first, connection)) _first = connection.NextConnection;
            else return;
            if (connection.NextConnection is { } next) next.PreviousConnection = connection.PreviousConnection;
            connection.NextConnection = null;
            connection.PreviousConnection = null;
            Volatile.Write(ref _count, _count - 1);
        }
    }
}
