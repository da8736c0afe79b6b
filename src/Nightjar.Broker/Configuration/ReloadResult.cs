namespace Nightjar.Broker.Configuration;

/// <summary>What a reload did.</summary>
/// <param name="ListenersAdded">Listeners opened, those that changed their kind included.</param>
/// <param name="ListenersRemoved">Listeners closed for good; their clients were disconnected.</param>
/// <param name="ClientsDisconnected">Clients that the new rules do not let in, or whose listener is gone.</param>
public sealed record ReloadResult(int ListenersAdded, int ListenersRemoved, int ClientsDisconnected);
