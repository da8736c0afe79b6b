namespace Nightjar.Broker.Persistence;

/// <summary>A store that a broker can start from.</summary>
internal interface IRecoverableStore
{
    /// <summary>
    /// Hands over everything the store holds, before the first write of the broker. Messages and sessions come first,
    /// then subscriptions, then everything else; the deliveries of one session in ascending number.
    /// </summary>
    /// <param name="sink">Who takes it. Spans of a record are valid during the call only.</param>
    /// <exception cref="IOException">The store cannot be read, or is damaged.</exception>
    void Recover(IRecoverySink sink);
}
