using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>
/// What one publisher asked last: the route of its last topic name, and its write permissions for the routes it used last. A client that
/// publishes to one topic finds both with one comparison.
/// </summary>
/// <remarks>Touched by the connection's reading loop only. The permission table is made when rules are active and a second topic comes.</remarks>
internal struct PublisherRoutes
{
    // Four places for each of sixteen values of the hash: with one place for each of 64, every other client with 16 topics would have two
    // that push each other out for ever.
    private const int Ways = 4;
    private const int Sets = 16;
    private Route? _last;
    private WriteDecision _lastDecision;
    private WriteDecision[]? _decisions;
    private int _hand;

    /// <summary>The route of a topic name; null when the name has too many levels.</summary>
    internal Route? Find(BrokerCore core, ReadOnlySpan<byte> topicName, BatchContext context)
    {
        if (_last is { } last && topicName.SequenceEqual(last.TopicName))
        {
            if (core.Router.IsCurrent(last)) return last;
        }
        else if (!TopicName.IsValid(topicName, core.Environment.Options.MaximumTopicLevels))
        {
            return null;
        }

        return _last = core.Router.GetRoute(topicName, context);
    }

    /// <summary>Whether the client may write to the topic of a route: one decision per topic and generation of the rules.</summary>
    internal bool MayWrite(ClientConnection connection, Route route, ReadOnlySpan<byte> topicName)
    {
        var gate = connection.Core.Environment.Gate;
        if (gate.IsOpen && topicName[0] != (byte)'$') return true;
        var generation = gate.Generation;
        if (ReferenceEquals(_lastDecision.Route, route) && _lastDecision.Generation == generation) return _lastDecision.Allowed;
        ref var decision = ref PlaceOf(route);
        if (!ReferenceEquals(decision.Route, route) || decision.Generation != generation)
            decision = new WriteDecision { Route = route, Generation = generation, Allowed = gate.May(connection.Identity, AccessAction.Write, topicName) };
        _lastDecision = decision;
        return decision.Allowed;
    }

    // The place that the route has, or the one that it gets.
    private ref WriteDecision PlaceOf(Route route)
    {
        _decisions ??= new WriteDecision[Sets * Ways];
        var places = _decisions.AsSpan((int)(route.Hash & (Sets - 1)) * Ways, Ways);
        for (var way = 0; way < places.Length; way++)
        {
            if (ReferenceEquals(places[way].Route, route)) return ref places[way];
        }

        return ref places[_hand++ & (Ways - 1)];
    }

    private struct WriteDecision
    {
        internal Route? Route;
        internal long Generation;
        internal bool Allowed;
    }
}
