namespace Nightjar.Host.Configuration.Sections;

/// <summary>The values of bridge_tcp_keepalive, each above 0.</summary>
/// <param name="IdleSeconds">Silence before the first probe.</param>
/// <param name="IntervalSeconds">Time between probes.</param>
/// <param name="Count">Probes without an answer that end the connection.</param>
internal sealed record BridgeTcpKeepAlive(int IdleSeconds, int IntervalSeconds, int Count);
