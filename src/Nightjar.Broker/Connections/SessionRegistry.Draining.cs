using Nightjar.Broker.Messages;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <content>Sessions that cannot end at once, because others get what waits for them in the store.</content>
internal sealed partial class SessionRegistry
{
    // Under the session's gate, offline or taken off its connection by this.
    private void DrainLocked(Session session)
    {
        if (session.Draining is not null) return;
        if (session.Link is { } link) session.Detach(link);
        CancelTimer(session);
        RemoveSubscriptions(session);
        var drain = new SessionDrain(_environment, session, Redistribute, () => EndDrained(session));
        session.Draining = drain.Ended;
        drain.Start();
    }

    private void EndDrained(Session session)
    {
        Aftermath aftermath;
        lock (session.Gate) aftermath = EndLocked(session);
        var context = BatchContext.Begin();
        Finish(aftermath, context);
        context.End(_environment.Counters);
    }

    private void Redistribute(List<Delivery> orphans)
    {
        var context = BatchContext.Begin();
        foreach (var orphan in orphans) _router.Redistribute(orphan, context);
        context.End(_environment.Counters);
    }

    private void RemoveSubscriptions(Session session)
    {
        foreach (var subscription in session.Subscriptions.ToArray())
        {
            _router.Subscriptions.Remove(session, subscription.TopicFilter, subscription.ShareName);
            session.Subscriptions.Remove(subscription);
        }
    }
}
