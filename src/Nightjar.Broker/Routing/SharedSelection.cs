using Nightjar.Broker.Messages;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Routing;

/// <summary>
/// Chooses the member of a shared subscription that gets a message: round robin over those that can send it at once, so that a stuck or
/// offline member blocks nobody; then the connected but busy ones; then, for QoS 1 and 2, an offline durable one. At most
/// <see cref="MaximumLooks"/> members are looked at, so that a group of 50 000 costs no more than one of 64; a group in whose window nobody
/// is ready falls back on the member that was ready last.
/// </summary>
internal static class SharedSelection
{
    private const int MaximumLooks = 64;

    internal static Subscription? Choose(SharedGroup group, ref Publication publication, AccessGate gate)
    {
        var members = group.Members;
        if (members.Length == 0) return null;
        var start = (int)((uint)group.Cursor++ % (uint)members.Length);
        var looks = Math.Min(members.Length, MaximumLooks);
        Subscription? best = null;
        var bestReadiness = Readiness.None;
        for (var i = 0; i < looks; i++)
        {
            var index = start + i;
            if (index >= members.Length) index -= members.Length;
            if (members[index] is not { } member) continue;
            var readiness = ReadinessOf(member, ref publication, gate);
            if (readiness == Readiness.Ready)
            {
                // Whoever follows the chosen one is next, so members passed over do not make their successor serve twice.
                group.Cursor = index + 1;
                group.LastReady = member;
                return member;
            }

            if (readiness <= bestReadiness) continue;
            best = member;
            bestReadiness = readiness;
        }

        if (looks < members.Length && bestReadiness < Readiness.Busy && group.LastReady is { } last
            && ReadinessOf(last, ref publication, gate) >= Readiness.Busy && IsMember(members, last))
        {
            return last;
        }

        return best;
    }

    // A member knows its place, so whether it still is one is a look and no search.
    private static bool IsMember(ReadOnlySpan<Subscription?> members, Subscription subscription) =>
        (uint)subscription.Place < (uint)members.Length && ReferenceEquals(members[subscription.Place], subscription);

    private static Readiness ReadinessOf(Subscription member, ref Publication publication, AccessGate gate)
    {
        var target = (MessageReceiver)member.Subscriber;
        var readiness = target.Readiness;
        if (readiness == Readiness.Offline && (publication.QoS == QualityOfService.AtMostOnce || member.MaximumQoS == QualityOfService.AtMostOnce))
            return Readiness.None;
        if (!gate.IsOpen && !gate.May(target.Identity, AccessAction.Read, publication.TopicName)) return Readiness.None;
        return readiness;
    }
}
