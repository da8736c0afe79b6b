using Nightjar.Broker.Limits;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <summary>The deadlines of an offline session: the delay of its will and its own expiry.</summary>
internal sealed class SessionTimer(SessionRegistry registry, Session session, long willDue, long expiryDue) : WheelTimer
{
    internal Session Session { get; } = session;

    /// <summary>When the will is published; <see cref="long.MaxValue"/> for never.</summary>
    internal long WillDue { get; set; } = willDue;

    /// <summary>When the session ends; <see cref="long.MaxValue"/> for never.</summary>
    internal long ExpiryDue { get; } = expiryDue;

    internal long NextDue => Math.Min(WillDue, ExpiryDue);

    protected internal override void OnDue(long nowMilliseconds) => registry.OnSessionDue(this, nowMilliseconds);
}
