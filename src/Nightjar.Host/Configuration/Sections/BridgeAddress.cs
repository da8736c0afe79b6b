namespace Nightjar.Host.Configuration.Sections;

/// <summary>One remote broker of a bridge.</summary>
/// <param name="Host">Name or address, without brackets; or the path of a unix domain socket, when <paramref name="Port"/> is 0.</param>
/// <param name="Port">1 to 65 535, or 0.</param>
internal sealed record BridgeAddress(string Host, int Port);
