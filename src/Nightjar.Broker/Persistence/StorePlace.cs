namespace Nightjar.Broker.Persistence;

/// <summary>Where a store has noted a delivery, so that what follows soon can be noted there too. Opaque, and never wrong: a place that is no longer there is passed over.</summary>
/// <param name="Ticket">Ticket of the note; 0 for none.</param>
/// <param name="Address">The store's own.</param>
internal readonly record struct StorePlace(long Ticket, nint Address);
