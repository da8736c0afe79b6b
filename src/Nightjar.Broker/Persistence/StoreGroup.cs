namespace Nightjar.Broker.Persistence;

/// <summary>What the thread says to a store between the making and the disposal of this becomes durable together, or none of it.</summary>
internal readonly ref struct StoreGroup
{
    private readonly IMessageStore _store;

    internal StoreGroup(IMessageStore store)
    {
        _store = store;
        store.BeginGroup();
    }

    public void Dispose() => _store.EndGroup();
}
