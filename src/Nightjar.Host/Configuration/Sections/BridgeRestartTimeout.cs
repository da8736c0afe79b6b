namespace Nightjar.Host.Configuration.Sections;

/// <summary>How long a bridge waits before it connects again.</summary>
/// <param name="Base">The wait, or where the growing wait begins; 1 to 3600 s.</param>
/// <param name="Cap">Longest wait, at most 7200 s; null: the wait is always <paramref name="Base"/>.</param>
/// <param name="Stable">After how long a connection counts as stable and the wait begins at the base again.</param>
internal sealed record BridgeRestartTimeout(TimeSpan Base, TimeSpan? Cap, TimeSpan Stable);
