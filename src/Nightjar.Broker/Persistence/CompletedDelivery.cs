namespace Nightjar.Broker.Persistence;

/// <summary>A delivery that is over.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Place">Where the store has noted it.</param>
internal readonly record struct CompletedDelivery(long Number, StorePlace Place);
