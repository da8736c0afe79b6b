using System.Net;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <content>What the stores are told of a session's life, and sessions that a store brought back. All under the session's gate.</content>
internal sealed partial class SessionRegistry
{
    /// <summary>Puts a session back into the table.</summary>
    /// <returns>The session, offline and without deadlines; null when the client id has one already.</returns>
    internal Session? Restore(SessionClaim claim, in SessionRecord record)
    {
        var session = new Session(_environment, IdentityOf(record))
        {
            ExpiryInterval = record.ExpiryInterval,
            StoreClaim = claim,
        };
        if (!Table.TryAdd(session)) return null;
        // Limits hold for what comes later.
        Users.TryTake(record.UserName, 0);
        return session;
    }

    /// <summary>
    /// Starts the deadlines of a restored session where they were: counted from the end of its last connection. That of a session whose client was
    /// connected when the earlier broker went away ends now.
    /// </summary>
    /// <param name="session">The session, its will restored.</param>
    /// <param name="disconnectedAt">Wall-clock time in Unix milliseconds; null for a client that was connected.</param>
    internal void Resume(Session session, long? disconnectedAt)
    {
        lock (session.Gate)
        {
            var now = _environment.Clock.Now;
            // A wall clock that was set back since does not lengthen anything beyond its interval.
            var since = disconnectedAt is { } time ? Math.Min(now, _environment.Clock.FromWallClock(time)) : now;
            if (disconnectedAt is null) SaveLocked(session, session.Identity, disconnectedAt: now);
            Schedule(session, since);
        }
    }

    // A session that is resumed with expiry 0 will end with this connection: a store must not bring it back. What waits in the store alone is still
    // to be sent; a start before that finds a session whose time is over.
    private long StoreLocked(Session session, Identity identity, SessionClaim claim)
    {
        if (!session.IsDurable && session.BacklogCount == 0) return ForgetLocked(session);
        if (!session.IsStored) session.StoreClaim = claim;
        var ticket = SaveLocked(session, identity, disconnectedAt: null);
        if (session.Will is { } will)
            ticket = Math.Max(ticket, _environment.Stores.Sessions.SetWill(session.StoreClaim, will.Message, will.DelayInterval, will.ExpiryInterval));
        return ticket;
    }

    private long SaveLocked(Session session, Identity identity, long? disconnectedAt)
    {
        if (!session.IsStored) return 0;
        long? wallClock = disconnectedAt is { } time ? _environment.Clock.ToWallClock(time) : null;
        return _environment.Stores.Sessions.Save(session.StoreClaim, RecordOf(identity, session.ExpiryInterval, wallClock));
    }

    private static SessionRecord RecordOf(Identity identity, uint expiryInterval, long? disconnectedAt) =>
        new(identity.ClientId, identity.UserName, expiryInterval, disconnectedAt, identity.SecurityDomain, (identity.Address as IPEndPoint)?.Address);

    private static Identity IdentityOf(in SessionRecord record) =>
        new(record.ClientId, record.UserName, record.Address is { } address ? new IPEndPoint(address, 0) : null, record.SecurityDomain);

    private long ForgetLocked(Session session)
    {
        if (!session.IsStored) return 0;
        var ticket = _environment.Stores.Sessions.Drop(session.StoreClaim);
        session.StoreClaim = default;
        return ticket;
    }
}
