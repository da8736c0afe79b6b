using System.Runtime.CompilerServices;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Retained;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Routing;

/// <summary>From a topic name to those who get its messages, and the retained messages. One per broker; every member may be called by any thread.</summary>
internal sealed class Router
{
    // Each with each: two thousand comparisons, a few microseconds.
    private const int MostCompared = 64;
    private readonly SessionEnvironment _environment;
    private readonly RouteCache<Route> _cache;
    private readonly ReceiverLists _lists = new();
    private readonly Lock _retainedGate = new();
    private long _retainedBytes;

    internal Router(SessionEnvironment environment)
    {
        _environment = environment;
        _cache = new RouteCache<Route>(environment.Options.RouteCacheCapacity, environment.Options.MaximumRouteCacheBytes);
    }

    /// <summary>Bytes of the routes that are kept.</summary>
    internal long CachedBytes => _cache.Bytes;

    internal SubscriptionTrie Subscriptions => _environment.Subscriptions;

    internal RetainedIndex<PublishedMessage> Retained { get; } = new();

    internal long RetainedBytes => Volatile.Read(ref _retainedBytes);

    /// <summary>Whether a route found earlier still says the truth: nothing relevant was subscribed, unsubscribed or forbidden since.</summary>
    internal bool IsCurrent(Route route) =>
        route.GateGeneration == _environment.Gate.Generation && Subscriptions.Generations.Holds(route.Generation, route.Stripe, ref route.Changes);

    /// <summary>The route of a topic name: from the cache, or matched anew.</summary>
    /// <remarks>Allocates only when the route was not cached and is admitted or has receivers.</remarks>
    internal Route GetRoute(ReadOnlySpan<byte> topicName, BatchContext context)
    {
        var hash = RouteCache<Route>.HashOf(topicName);
        var route = _cache.Get(topicName, hash);
        if (route is not null && IsCurrent(route)) return route;
        var known = route is not null;
        route = Build(topicName, hash, context);
        if (known || _cache.ShouldAdmit(hash)) _cache.Add(route);
        return route;
    }

    /// <summary>Delivers a message to the receivers of its route and, when it is retained, stores it first.</summary>
    /// <returns>Success, 0x10 without subscribers, or 0x97 for what <see cref="Publication.Refusal"/> says (nobody got it then, but where a queue was found full on the way).</returns>
    internal ReasonCode Publish(ref Publication publication, Route route, BatchContext context)
    {
        if (publication.Refusable && MustRefuse(ref publication, route, context)) return ReasonCode.QuotaExceeded;
        if (publication.Retain)
        {
            context.Leave();
            var stored = StoreRetained(ref publication);
            if (stored != ReasonCode.Success) return stored;
        }

        var receivers = route.Receivers;
        if (receivers.Length > 1)
        {
            publication.FansOut = true;
            context.Templates.Reset();
        }

        for (var i = 0; i < receivers.Length; i++) receivers[i].Target.Deliver(ref publication, receivers[i], context);
        foreach (var group in route.Groups) DeliverToGroup(group, ref publication, context);
        if (publication.Refusal != PublishRefusal.None) return ReasonCode.QuotaExceeded;
        return route.HasSubscribers ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers;
    }

    /// <summary>Gives a message that a shared subscription's member did not take to another member.</summary>
    internal void Redistribute(in Delivery orphan, BatchContext context)
    {
        var publication = new Publication(orphan.Message, _environment.Messages);
        if (publication.ExpiresAt > _environment.Clock.Now) DeliverToGroup(orphan.Group!, ref publication, context);
        publication.Dispose();
    }

    // Before anybody has it: whoever sends it again must not be the cause of a second copy.
    private bool MustRefuse(ref Publication publication, Route route, BatchContext context)
    {
        if (_environment.Stores.Refuses && NeedsStore(ref publication, route)) publication.Refusal = PublishRefusal.StoreFailed;
        else if (publication.IsVersion5 && _environment.Options.QueueFullPolicy == QueueFullPolicy.Reject && IsRejected(ref publication, route, context)) publication.Refusal = PublishRefusal.QueueFull;
        return publication.Refusal != PublishRefusal.None;
    }

    private bool NeedsStore(ref Publication publication, Route route)
    {
        if (publication.NeedsRecord || (publication.Retain && IsKept(publication.TopicName))) return true;
        foreach (ref readonly var receiver in route.Receivers.AsSpan())
        {
            if (receiver.Target.NeedsStore(QoSOf(ref publication, receiver.MaximumQoS))) return true;
        }

        foreach (var group in route.Groups)
        {
            if (SharedSelection.Choose(group, ref publication, _environment.Gate) is { } member
                && ((MessageReceiver)member.Subscriber).NeedsStore(QoSOf(ref publication, member.MaximumQoS))) return true;
        }

        return false;
    }

    private bool IsRejected(ref Publication publication, Route route, BatchContext context)
    {
        context.Leave();
        foreach (ref readonly var receiver in route.Receivers.AsSpan())
        {
            if (receiver.Target.Rejects(publication.Size, QoSOf(ref publication, receiver.MaximumQoS))) return true;
        }

        return false;
    }

    private QualityOfService QoSOf(ref Publication publication, QualityOfService granted) =>
        _environment.Options.UpgradeOutgoingQoS || publication.QoS > granted ? granted : publication.QoS;

    private Route Build(ReadOnlySpan<byte> topicName, uint hash, BatchContext context)
    {
        // Generations are read before matching: a change in between makes the route look older than it is, never newer.
        var gateGeneration = _environment.Gate.Generation;
        var generations = Subscriptions.Generations;
        var stripe = SubscriptionGenerations.StripeOf(topicName);
        var generation = generations.Sum(stripe);
        var matches = context.Matches;
        matches.Clear();
        Subscriptions.Match(topicName, matches);
        context.Counters.RoutesBuilt++;
        var receivers = _lists.Share(ReceiversOf(topicName, matches));
        var route = new Route(topicName.ToArray(), hash, stripe, generation)
        {
            GateGeneration = gateGeneration,
            HasSubscribers = matches.Count > 0 || matches.GroupCount > 0,
            Receivers = receivers,
            CanGather = receivers.Length > 1 && matches.GroupCount == 0 && CanGather(receivers, matches.FilterCount),
            Groups = matches.GroupCount == 0 ? [] : matches.Groups.AsSpan(0, matches.GroupCount).ToArray(),
        };
        matches.Clear();
        return route;
    }

    private Receiver[] ReceiversOf(ReadOnlySpan<byte> topicName, MatchResult matches)
    {
        if (matches.Count == 0) return [];
        var receivers = new Receiver[matches.Count];
        var count = 0;
        var merge = !_environment.Options.AllowDuplicateMessages && matches.Count > 1;
        var places = merge ? new Dictionary<MessageReceiver, int>(ReferenceEqualityComparer.Instance) : null;
        for (var i = 0; i < matches.Count; i++)
        {
            var subscription = matches.Subscriptions[i];
            var target = (MessageReceiver)subscription.Subscriber;
            if (!_environment.Gate.IsOpen && !_environment.Gate.May(target.Identity, AccessAction.Read, topicName)) continue;
            if (places is not null && places.TryGetValue(target, out var place))
            {
                Merge(ref receivers[place], subscription);
                continue;
            }

            places?.Add(target, count);
            receivers[count++] = ReceiverOf(subscription, group: null);
        }

        return count == receivers.Length ? receivers : receivers.AsSpan(0, count).ToArray();
    }

    // Not when somebody gets two copies: he has to get both of one message before those of the next. One filter gives nobody two.
    private static bool CanGather(Receiver[] receivers, int filterCount)
    {
        if (filterCount > 1 && receivers.Length > MostCompared) return false;
        for (var i = 0; i < receivers.Length; i++)
        {
            if (receivers[i].NoLocal) return false;
            for (var j = 0; filterCount > 1 && j < i; j++)
            {
                if (ReferenceEquals(receivers[i].Target, receivers[j].Target)) return false;
            }
        }

        return true;
    }

    private static Receiver ReceiverOf(Subscription subscription, SharedGroup? group) => new()
    {
        Target = (MessageReceiver)subscription.Subscriber,
        Group = group,
        SubscriptionIdentifier = subscription.SubscriptionIdentifier,
        MaximumQoS = subscription.MaximumQoS,
        NoLocal = subscription.NoLocal,
        RetainAsPublished = subscription.RetainAsPublished,
    };

    // One copy for several subscriptions: the highest QoS of them [MQTT-3.3.4-2] and all their identifiers [MQTT-3.3.4-4].
    private static void Merge(ref Receiver receiver, Subscription subscription)
    {
        MergeOwn(ref receiver, subscription);
        if (subscription.MaximumQoS > receiver.MaximumQoS) receiver.MaximumQoS = subscription.MaximumQoS;
        receiver.NoLocal |= subscription.NoLocal;
        receiver.RetainAsPublished |= subscription.RetainAsPublished;
        if (subscription.SubscriptionIdentifier == 0) return;
        if (receiver.SubscriptionIdentifiers is { } several)
            receiver.SubscriptionIdentifiers = [.. several, subscription.SubscriptionIdentifier];
        else if (receiver.SubscriptionIdentifier != 0)
            receiver.SubscriptionIdentifiers = [receiver.SubscriptionIdentifier, subscription.SubscriptionIdentifier];
        else
            receiver.SubscriptionIdentifier = subscription.SubscriptionIdentifier;
    }

    // What the receiver publishes itself passes by the subscriptions without No Local alone [MQTT-3.8.3-3].
    private static void MergeOwn(ref Receiver receiver, Subscription subscription)
    {
        if (subscription.NoLocal)
        {
            if (!receiver.NoLocal) receiver.Own = new StrongBox<Receiver>(receiver);
        }
        else if (receiver.Own is { } own)
        {
            Merge(ref own.Value, subscription);
        }
        else if (receiver.NoLocal)
        {
            receiver.Own = new StrongBox<Receiver>(ReceiverOf(subscription, group: null));
        }
    }

    private void DeliverToGroup(SharedGroup group, ref Publication publication, BatchContext context)
    {
        var member = SharedSelection.Choose(group, ref publication, _environment.Gate);
        if (member is null)
        {
            context.Counters.PublishDropped++;
            return;
        }

        var receiver = ReceiverOf(member, group);
        receiver.Target.Deliver(ref publication, receiver, context);
    }

    // Copies for the index are made outside the pool: a cursor may still read a message that has been replaced meanwhile.
    private ReasonCode StoreRetained(ref Publication publication)
    {
        var options = _environment.Options;
        if (publication.Payload.IsEmpty)
        {
            lock (_retainedGate)
            {
                if (Retained.Remove(publication.TopicName) is not { } removed) return ReasonCode.Success;
                Count(removed: removed, added: null);
                if (IsKept(publication.TopicName)) publication.Ticket = Math.Max(publication.Ticket, _environment.Stores.Retained.Clear(publication.TopicName));
            }

            return ReasonCode.Success;
        }

        lock (_retainedGate)
        {
            var old = Retained.Get(publication.TopicName);
            var bytes = _retainedBytes + publication.Size - (old?.Size ?? 0);
            // What the broker says of itself has no limit.
            if (publication.Origin is not null && RetainedLimitReached(options, isNew: old is null, bytes))
            {
                publication.Refusal = PublishRefusal.RetainedLimit;
                return ReasonCode.QuotaExceeded;
            }

            var message = PublishedMessage.Unpooled(in publication);
            Retained.Set(publication.TopicName, message);
            Count(removed: old, added: message);
            if (IsKept(publication.TopicName)) publication.Ticket = Math.Max(publication.Ticket, _environment.Stores.Retained.Set(message));
        }

        return ReasonCode.Success;
    }

    private bool RetainedLimitReached(BrokerOptions options, bool isNew, long bytes)
    {
        var many = options.MaximumRetainedMessages > 0 && isNew && Retained.Count >= options.MaximumRetainedMessages;
        if (!many && (options.MaximumRetainedBytes == 0 || bytes <= options.MaximumRetainedBytes)) return false;
        _environment.Counters.CountLimit(many ? BrokerLimit.MaximumRetainedMessages : BrokerLimit.MaximumRetainedBytes);
        return true;
    }

    /// <summary>Takes a retained message that a store kept. Limits hold for what comes later: what was accepted once is kept.</summary>
    internal void RestoreRetained(in Publication publication)
    {
        lock (_retainedGate)
        {
            var old = Retained.Get(publication.TopicName);
            var message = PublishedMessage.Unpooled(publication);
            Retained.Set(publication.TopicName, message);
            Count(removed: old, added: message);
        }
    }

    // Under the retained gate.
    private void Count(PublishedMessage? removed, PublishedMessage? added)
    {
        _retainedBytes += (added?.Size ?? 0) - (removed?.Size ?? 0);
        _environment.Memory.Add((added?.Footprint ?? 0) - (removed?.Footprint ?? 0));
    }

    // What the broker says of itself begins anew with each start.
    private static bool IsKept(ReadOnlySpan<byte> topicName) => !topicName.StartsWith("$SYS/"u8);

    /// <summary>Removes the retained messages whose expiry has come.</summary>
    /// <returns>How many were removed.</returns>
    internal int SweepRetained()
    {
        var now = _environment.Clock.Now;
        var removed = 0;
        foreach (var filter in (ReadOnlySpan<string>)["#", "$SYS/#"])
        {
            var cursor = Retained.Match(System.Text.Encoding.UTF8.GetBytes(filter));
            while (cursor.MoveNext(out var message))
            {
                if (message.ExpiresAt > now) continue;
                lock (_retainedGate)
                {
                    if (!ReferenceEquals(Retained.Get(message.TopicName), message)) continue;
                    Retained.Remove(message.TopicName);
                    Count(removed: message, added: null);
                    if (IsKept(message.TopicName)) _environment.Stores.Retained.Clear(message.TopicName);
                    removed++;
                }
            }
        }

        return removed;
    }
}
