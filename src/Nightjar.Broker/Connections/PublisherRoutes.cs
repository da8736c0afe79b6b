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
    private const int DecisionCount = 64;
    private Route? _last;
    private WriteDecision _lastDecision;
    private WriteDecision[]? _decisions;

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
        _decisions ??= new WriteDecision[DecisionCount];
        ref var decision = ref _decisions[route.Hash & (DecisionCount - 1)];
        if (!ReferenceEquals(decision.Route, route) || decision.Generation != generation)
            decision = new WriteDecision { Route = route, Generation = generation, Allowed = gate.May(connection.Identity, AccessAction.Write, topicName) };
        _lastDecision = decision;
        return decision.Allowed;
    }

    private struct WriteDecision
    {
        internal Route? Route;
        internal long Generation;
        internal bool Allowed;
    }
}
