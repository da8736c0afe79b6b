using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>What a CONNECT got.</summary>
/// <param name="ReasonCode">Success, or why it is refused.</param>
/// <param name="Session">The session the connection is attached to; null when refused.</param>
/// <param name="Ending">When the session that the client had has ended, which the CONNECT waits for to be tried again; null otherwise.</param>
internal readonly record struct AttachResult(ReasonCode ReasonCode, Session? Session, Task? Ending = null);

/// <summary>
/// The life of sessions: found or made at CONNECT, taken over, left by their connection, ended; and their wills. A session is changed under
/// its gate; what follows from it for others (closing the old connection, publishing a will) happens after the gate is left.
/// </summary>
internal sealed partial class SessionRegistry
{
    private readonly SessionEnvironment _environment;
    private readonly Router _router;
    private long _expired;
    private long _connects;

    internal SessionRegistry(SessionEnvironment environment, Router router)
    {
        _environment = environment;
        _router = router;
    }

    /// <summary>CONNECT packets accepted.</summary>
    internal long Connects => Volatile.Read(ref _connects);

    internal SessionTable<Session> Table { get; } = new();

    /// <summary>Sessions by user: exact, because a place goes with the session from before it is in the table until it ends.</summary>
    internal UserSessionCounts Users { get; } = new();

    /// <summary>Sessions that ended because their expiry interval passed.</summary>
    internal long Expired => Volatile.Read(ref _expired);

    /// <summary>
    /// Gives a connection its session: resumes the one of the client id, or makes one [MQTT-3.1.2-4] to [MQTT-3.1.2-6]. Another connection that
    /// has it is closed with 0x8E [MQTT-3.1.4-3]. CONNACK is written before anything of the session is.
    /// </summary>
    /// <param name="connection">The connection; authenticated.</param>
    /// <param name="request">Its CONNECT.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="claim">The right to write the session in the stores.</param>
    /// <param name="context">The batch.</param>
    internal AttachResult Attach(ClientConnection connection, ConnectRequest request, Identity identity, SessionClaim claim, BatchContext context)
    {
        // The end of one session, the will that follows from it and the beginning of the next one are kept together.
        using var group = new StoreGroup(_environment.Stores.Messages);
        var fresh = new Session(_environment, identity);
        // The place among the sessions of the user: that of a session of its own which this CONNECT has ended stays taken for the next one.
        var hasPlace = false;
        // CONNACK says that the session before is over, so it waits for that too.
        long ended = 0;
        while (true)
        {
            if (Table.TryGet(fresh.ClientIdUtf8, out var session))
            {
                if (!TryTake(session, connection, request, identity, claim, context, ref hasPlace, ref ended, out var result)) continue;
                if (hasPlace) Users.Release(identity.UserName);
                return result;
            }

            if (IsStoreFailedFor(null, connection))
            {
                if (hasPlace) Users.Release(identity.UserName);
                return new AttachResult(ReasonCode.ServerUnavailable, null);
            }

            var refusal = hasPlace ? ReasonCode.Success : TakePlaces(identity.UserName);
            if (refusal != ReasonCode.Success) return new AttachResult(refusal, null);
            hasPlace = true;
            lock (fresh.Gate)
            {
                if (!Table.TryAdd(fresh)) continue;
                AttachLocked(fresh, connection, request, identity, claim, present: false, ended, context);
                return new AttachResult(ReasonCode.Success, fresh);
            }
        }
    }

    /// <summary>DISCONNECT 0x00 was received: the will is not published [MQTT-3.14.4-3]. Nothing happens when the session has another link by now.</summary>
    internal void DiscardWill(Session session, SessionLink link)
    {
        lock (session.Gate)
        {
            if (ReferenceEquals(session.Link, link)) DiscardWill(session);
        }
    }

    /// <summary>The connection is gone: the session ends or goes on offline, its will is published, kept for later, or discarded.</summary>
    /// <param name="session">The session.</param>
    /// <param name="link">The connection's link; nothing happens when the session has another by now.</param>
    /// <param name="context">The batch.</param>
    internal void Leave(Session session, SessionLink link, BatchContext context)
    {
        using var group = new StoreGroup(_environment.Stores.Messages);
        var aftermath = default(Aftermath);
        lock (session.Gate)
        {
            if (!session.Detach(link)) return;
            if (!session.IsDurable)
            {
                aftermath = EndOrDrainLocked(session);
            }
            else
            {
                var now = _environment.Clock.Now;
                if (session.Will is { DelayInterval: 0 }) aftermath.Will = TakeWill(session);
                SaveLocked(session, session.Identity, disconnectedAt: now);
                Schedule(session, now);
            }
        }

        Finish(aftermath, context);
    }

    /// <summary>Ends a session at once, whoever is connected to it.</summary>
    internal void End(Session session, BatchContext context)
    {
        using var group = new StoreGroup(_environment.Stores.Messages);
        Aftermath aftermath;
        lock (session.Gate)
        {
            if (session.IsEnded) return;
            aftermath = EndOrDrainLocked(session);
        }

        Finish(aftermath, context);
    }

    /// <summary>A deadline of an offline session has come.</summary>
    internal void OnSessionDue(SessionTimer timer, long now)
    {
        using var group = new StoreGroup(_environment.Stores.Messages);
        var session = timer.Session;
        var aftermath = default(Aftermath);
        lock (session.Gate)
        {
            if (session.IsEnded || !ReferenceEquals(session.Timer, timer)) return;
            if (timer.ExpiryDue <= now)
            {
                Interlocked.Increment(ref _expired);
                aftermath = EndOrDrainLocked(session);
            }
            else
            {
                if (timer.WillDue <= now)
                {
                    aftermath.Will = TakeWill(session);
                    timer.WillDue = long.MaxValue;
                }

                if (timer.NextDue != long.MaxValue) _environment.Wheel.Schedule(timer, timer.NextDue);
            }
        }

        var context = BatchContext.Begin();
        Finish(aftermath, context);
        context.End(_environment.Counters);
    }

    private ReasonCode TakePlaces(string? userName)
    {
        var options = _environment.Options;
        if (options.MaximumSessions >= 0 && Table.Count >= options.MaximumSessions)
        {
            _environment.Counters.CountLimit(BrokerLimit.MaximumSessions);
            return ReasonCode.ServerBusy;
        }

        return TakeUserPlace(userName) ? ReasonCode.Success : ReasonCode.QuotaExceeded;
    }

    private bool TakeUserPlace(string? userName)
    {
        if (Users.TryTake(userName, _environment.Options.MaximumSessionsPerUser)) return true;
        _environment.Counters.CountLimit(BrokerLimit.MaximumSessionsPerUser);
        return false;
    }

    // False: look again, because the session has ended, perhaps by this CONNECT.
    private bool TryTake(
        Session session, ClientConnection connection, ConnectRequest request, Identity identity, SessionClaim claim, BatchContext context,
        ref bool hasPlace, ref long ended, out AttachResult result)
    {
        var aftermath = default(Aftermath);
        SessionLink? oldLink;
        lock (session.Gate)
        {
            result = default;
            if (session.IsEnded) return false;
            if (ObstacleLocked(session, connection, identity) is { } obstacle)
            {
                result = obstacle;
                return true;
            }

            oldLink = session.Link;
            // A session without expiry ends with its connection, which ends here: it is not resumed [MQTT-3.1.2-6 v3.1.1].
            var ends = request.CleanStart || !session.IsDurable;
            // A session of its own has its place already; one that was anonymous, or becomes so, changes sides.
            var isOwn = string.Equals(session.Identity.UserName, identity.UserName, StringComparison.Ordinal);
            if (ends && session.MustDrain)
            {
                DrainLocked(session);
                result = new AttachResult(ReasonCode.Success, null, session.Draining);
            }
            else if (!isOwn && !hasPlace && !TakeUserPlace(identity.UserName))
            {
                result = new AttachResult(ReasonCode.QuotaExceeded, null);
                return true;
            }
            else if (ends)
            {
                aftermath = EndLocked(session, keepsPlace: isOwn && !hasPlace);
                ended = Math.Max(ended, aftermath.Ticket);
                hasPlace = true;
            }
            else
            {
                if (!isOwn) Users.Release(session.Identity.UserName);
                hasPlace &= isOwn;
                if (oldLink is not null) session.Detach(oldLink);
                // The session goes on, so a delayed will is cancelled [MQTT-3.1.3-9]; one without delay belongs to the connection that ends, and
                // one whose time has come since, perhaps while no broker ran, only waits for the timer to look.
                var isDue = oldLink is null ? (session.Timer as SessionTimer)?.WillDue <= _environment.Clock.Now : session.Will is { DelayInterval: 0 };
                CancelTimer(session);
                if (isDue) aftermath.Will = TakeWill(session);
                else DiscardWill(session);
                AttachLocked(session, connection, request, identity, claim, present: true, ended, context);
                result = new AttachResult(ReasonCode.Success, session);
            }
        }

        if (oldLink?.Owner is ClientConnection old)
        {
            old.Close(DisconnectCause.SessionTakenOver, ReasonCode.SessionTakenOver);
            old.WaitForBatch();
        }

        Finish(aftermath, context);
        return result.Session is not null || result.Ending is not null;
    }

    // Why the session cannot be taken now: nothing has been done to it.
    private AttachResult? ObstacleLocked(Session session, ClientConnection connection, Identity identity)
    {
        if (IsForeign(session.Identity, identity)) return new AttachResult(ReasonCode.NotAuthorized, null);
        if (session.Draining is { } ending) return new AttachResult(ReasonCode.Success, null, ending);
        return IsStoreFailedFor(session, connection) ? new AttachResult(ReasonCode.ServerUnavailable, null) : null;
    }

    // What cannot be kept is not promised: neither that a session goes on, nor that one which the store has is over.
    private bool IsStoreFailedFor(Session? session, ClientConnection connection) =>
        _environment.Stores.Condition.IsFailed && (session is { IsStored: true } || connection.ConnectExpiryInterval != 0);

    // A session may not be taken over by another user: what is queued was let through for the first one. Mosquitto lets it.
    private bool IsForeign(Identity owner, Identity taker) =>
        !_environment.Options.StrictCompatibility
        && owner.UserName is not null && taker.UserName is not null && !string.Equals(owner.UserName, taker.UserName, StringComparison.Ordinal);

    private void AttachLocked(
        Session session, ClientConnection connection, ConnectRequest request, Identity identity, SessionClaim claim, bool present, long ended, BatchContext context)
    {
        session.ExpiryInterval = connection.ConnectExpiryInterval;
        session.Will = request.MakeWill(_environment.Messages, identity);
        var ticket = Math.Max(ended, StoreLocked(session, identity, claim));
        var isOther = present && !_environment.Gate.IsOpen && !session.Identity.HasRightsOf(identity);
        Interlocked.Increment(ref _connects);
        connection.Accept(session, present, ticket, context);
        session.Attach(connection.Link, identity, context);
        if (isOther) ForgetDecisions(session);
    }

    // Rights that were decided for whoever had the session before do not carry over. After the identity has changed: a route that is made
    // meanwhile asks for one or the other and, in the first case, is made anew.
    private void ForgetDecisions(Session session)
    {
        foreach (var subscription in session.Subscriptions.ToArray()) _router.Subscriptions.Generations.Bump(subscription.TopicFilter);
    }

    private Aftermath EndOrDrainLocked(Session session)
    {
        if (!session.MustDrain) return EndLocked(session);
        DrainLocked(session);
        return default;
    }

    private Aftermath EndLocked(Session session, bool keepsPlace = false)
    {
        CancelTimer(session);
        if (!keepsPlace) Users.Release(session.Identity.UserName);
        RemoveSubscriptions(session);
        var ticket = ForgetLocked(session);
        var aftermath = new Aftermath { Ticket = ticket, Will = TakeWill(session), Orphans = session.End() };
        Table.TryRemove(session);
        return aftermath;
    }

    private void Schedule(Session session, long now)
    {
        var willDue = session.Will is { } will ? now + (will.DelayInterval * 1000L) : long.MaxValue;
        var expiryDue = session.ExpiryInterval == uint.MaxValue ? long.MaxValue : now + (session.ExpiryInterval * 1000L);
        if (willDue == long.MaxValue && expiryDue == long.MaxValue) return;
        var timer = new SessionTimer(this, session, willDue, expiryDue);
        session.Timer = timer;
        _environment.Wheel.Schedule(timer, timer.NextDue);
    }

    private void CancelTimer(Session session)
    {
        if (session.Timer is null) return;
        _environment.Wheel.Cancel(session.Timer);
        session.Timer = null;
    }

    private Will? TakeWill(Session session)
    {
        var will = session.Will;
        session.Will = null;
        if (will is not null && session.IsStored) _environment.Stores.Sessions.ClearWill(session.StoreClaim);
        return will;
    }

    private void DiscardWill(Session session) => TakeWill(session)?.Message.Release();

    private void Finish(in Aftermath aftermath, BatchContext context)
    {
        if (aftermath.Will is not null) PublishWill(aftermath.Will, context);
        if (aftermath.Orphans is null) return;
        foreach (var orphan in aftermath.Orphans)
        {
            _router.Redistribute(orphan, context);
            orphan.Message.Release();
        }
    }

    // The gate is asked again: rights may have gone since CONNECT.
    private void PublishWill(Will will, BatchContext context)
    {
        var message = will.Message;
        if (_environment.Gate.May(Identity.PublisherOf(message), AccessAction.Write, message.TopicName))
        {
            var publication = new Publication(_environment.Messages)
            {
                TopicName = message.TopicName,
                Properties = message.Properties,
                Payload = message.Payload,
                QoS = message.QoS,
                Retain = message.Retain,
                ExpiresAt = will.ExpiryInterval is { } seconds ? _environment.ExpiryOf(seconds) : long.MaxValue,
                Origin = message.Origin,
            };
            _router.Publish(ref publication, _router.GetRoute(message.TopicName, context), context);
            publication.Dispose();
        }

        message.Release();
    }

    /// <summary>What is to be done once the session's gate is left.</summary>
    private struct Aftermath
    {
        // Of the end of the session; 0 where nothing was stored.
        internal long Ticket;
        internal Will? Will;
        internal List<Delivery>? Orphans;
    }
}
