namespace Nightjar.Host.Configuration.Sections;

/// <summary>One <c>topic</c> line of a bridge.</summary>
/// <param name="Pattern">Topic filter; empty for a line that maps exactly one topic.</param>
/// <param name="Direction">out, in or both.</param>
/// <param name="QoS">0 to 2.</param>
/// <param name="LocalPrefix">Put before the pattern here; empty: none.</param>
/// <param name="RemotePrefix">Put before the pattern at the remote broker; empty: none.</param>
internal sealed record BridgeTopic(string Pattern, BridgeDirection Direction, int QoS, string LocalPrefix, string RemotePrefix)
{
    /// <summary>The filter on this side: prefix and pattern together.</summary>
    internal string Local => LocalPrefix + Pattern;

    /// <summary>The filter on the other side.</summary>
    internal string Remote => RemotePrefix + Pattern;
}
