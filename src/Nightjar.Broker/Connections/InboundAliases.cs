using Nightjar.Broker.Routing;

namespace Nightjar.Broker.Connections;

/// <summary>
/// The topic aliases one client has set: alias → the route its topic was last sent to, which holds the topic name too. Sized by the maximum
/// that was announced, and filled only as aliases are set.
/// </summary>
/// <remarks>Touched by the connection's reading loop only.</remarks>
internal sealed class InboundAliases(int maximum)
{
    private Route?[] _routes = [];

    internal int Maximum => maximum;

    /// <summary>What an alias, 1 to <see cref="Maximum"/>, was last sent to, current or not; null when it was never set.</summary>
    internal Route? Get(ushort alias) => alias <= _routes.Length ? _routes[alias - 1] : null;

    internal void Set(ushort alias, Route route)
    {
        if (alias > _routes.Length) Array.Resize(ref _routes, Math.Min(maximum, Math.Max(alias, _routes.Length * 2)));
        _routes[alias - 1] = route;
    }
}
