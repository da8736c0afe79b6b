using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>
/// What one publisher asked last: the route of its last topic name, and its write permissions for the routes it used last. A client that
/// publishes to one topic finds both with one comparison.
/// </summary>
/// <remarks>Touched by the connection's reading loop only. The permission table is made at the first decision, when rules are active.</remarks>
internal struct PublisherRoutes
{
    // Four places for each of sixteen values of the hash: with one place for each of 64, every other client with 16 topics would have two
    // that push each other out for ever.
    private const int Ways = 4;
    private const int Sets = 16;
    private Route? _last;
    private WriteDecision _lastDecision;
    private WriteDecision[]? _decisions;
    private object? _list;
    private long _listGeneration;
    private int _hand;

    /// <summary>The route of the last topic name; null before the first.</summary>
    internal readonly Route? Last => _last;

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
    /// <param name="gate">Who decides.</param>
    /// <param name="identity">The client: always the same.</param>
    /// <param name="route">The route.</param>
    /// <param name="topicName">Its topic name.</param>
    internal bool MayWrite(AccessGate gate, Identity identity, Route route, ReadOnlySpan<byte> topicName)
    {
        if (gate.IsOpen && topicName[0] != (byte)'$') return true;
        // Read before the decision: rules that change in between make it look older than it is, never newer.
        var generation = gate.Generation;
        if (ReferenceEquals(_lastDecision.Route, route) && _lastDecision.Generation == generation) return _lastDecision.Allowed;
        if (_list is not null && _listGeneration == generation && ReferenceEquals(route.GrantedTo, _list)) return true;
        ref var decision = ref PlaceOf(route);
        if (!ReferenceEquals(decision.Route, route) || decision.Generation != generation)
            decision = new WriteDecision { Route = route, Generation = generation, Allowed = Decide(gate, identity, route, topicName, generation) };
        _lastDecision = decision;
        return decision.Allowed;
    }

    // What the client's list grants, it grants to all who have that very list, and the route remembers it for them: a publisher to thousands of
    // topics, or many to the same ones, have no places of their own for all of them.
    private bool Decide(AccessGate gate, Identity identity, Route route, ReadOnlySpan<byte> topicName, long generation)
    {
        var isAllowed = gate.MayWrite(identity, topicName, out var list);
        if (!isAllowed || list is null) return isAllowed;
        _list = list;
        _listGeneration = generation;
        route.GrantedTo ??= list;
        return true;
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
