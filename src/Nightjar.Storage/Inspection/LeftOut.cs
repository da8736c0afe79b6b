namespace Nightjar.Storage.Inspection;

/// <summary>What an import left out, because it has expired.</summary>
public sealed class LeftOut
{
    private const int MaximumNames = 20;
    private readonly List<string> _sessions = [];

    /// <summary>Sessions.</summary>
    public long Sessions { get; private set; }

    /// <summary>Client ids of the first of them.</summary>
    public IReadOnlyList<string> SessionNames => _sessions;

    /// <summary>Deliveries of these sessions.</summary>
    public long DeliveriesOfSessions { get; internal set; }

    /// <summary>Deliveries of messages that have expired.</summary>
    public long Deliveries { get; internal set; }

    /// <summary>Retained messages.</summary>
    public long Retained { get; internal set; }

    /// <summary>Whether nothing was left out.</summary>
    public bool IsNothing => Sessions + DeliveriesOfSessions + Deliveries + Retained == 0;

    internal void AddSession(string clientId)
    {
        Sessions++;
        if (_sessions.Count < MaximumNames) _sessions.Add(clientId);
    }
}
