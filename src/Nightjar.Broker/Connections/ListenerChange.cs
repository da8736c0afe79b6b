namespace Nightjar.Broker.Connections;

/// <summary>How a set of listeners becomes what new options say.</summary>
/// <param name="Items">One for each listener of the new options, in their order.</param>
/// <param name="Removed">Listeners that the new options do not have.</param>
internal sealed record ListenerChange(IReadOnlyList<ListenerChangeItem> Items, IReadOnlyList<ListenerLoop> Removed);
