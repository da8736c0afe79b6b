using Nightjar.Broker.Routing;

namespace Nightjar.Broker.Connections;

/// <summary>The topic aliases one client has set: alias → topic name and the route it was last sent to. Sized by the maximum that was announced, and filled only as aliases are set.</summary>
/// <remarks>Touched by the connection's reading loop only.</remarks>
internal sealed class InboundAliases(int maximum)
{
    private byte[]?[] _topics = [];
    private Route?[] _routes = [];

    internal int Maximum => maximum;

    /// <summary>The topic name of an alias, 1 to <see cref="Maximum"/>; null when it has none.</summary>
    internal byte[]? Get(ushort alias) => alias <= _topics.Length ? _topics[alias - 1] : null;

    internal Route? GetRoute(ushort alias) => alias <= _routes.Length ? _routes[alias - 1] : null;

    internal void SetRoute(ushort alias, Route route) => _routes[alias - 1] = route;

    internal void Set(ushort alias, ReadOnlySpan<byte> topicName)
    {
        if (alias > _topics.Length)
        {
            var size = Math.Min(maximum, Math.Max(alias, _topics.Length * 2));
            Array.Resize(ref _topics, size);
            Array.Resize(ref _routes, size);
        }

        if (_topics[alias - 1] is { } old && topicName.SequenceEqual(old)) return;
        _topics[alias - 1] = topicName.ToArray();
        _routes[alias - 1] = null;
    }
}
