namespace Nightjar.Storage.Inspection;

/// <summary>How much waits for one client.</summary>
/// <param name="ClientId">Client identifier.</param>
/// <param name="Deliveries">Deliveries that are not over.</param>
public readonly record struct SessionBacklog(string ClientId, long Deliveries);
