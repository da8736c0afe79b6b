using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Nightjar.Broker.Diagnostics;

namespace Nightjar.Broker.Security.AccessLists;

// What. An access file compiled for the question "may this client do this with this topic". Mosquitto walks a list of lines for each question:
// the client's own list (of its user name, or of clients without one), deny lines first, the first line that matches the topic and speaks of
// the action decides; then the list of the pattern lines in the same way; then the answer is no. Since denials stand in front and every grant
// of the action gives the same answer, the order within a list says nothing more than this: a denial that matches wins, otherwise a grant
// that matches and names the action. A list is therefore a set, and sets of topic filters are a tree by level: a node for each level, children
// by literal, by `+`, by `%c` and by `%u`, at each node the rights of filters that end there and of those that go on with `#`.
//
// A question walks the own tree and, if that has not decided, the tree of the patterns, with an explicit stack of places to go on from: at
// most four children match a level. Each node knows which rights occur from it downwards; a branch without any that could still change
// the answer is not entered, so after the first grant only denials are looked for, and a file without denials stops at the first grant.
//
// `%c` and `%u` compare one level of the topic with the name as it is. Nothing is substituted, so a name has no way to change the shape of a
// filter; yet clients with `+` or `#` in a name get nothing from patterns at all, as in Mosquitto. A name with a slash is no level, so
// patterns that ask for it do not match (older Mosquitto lets such a client into the tree below the first part of its name). Topics that
// begin with `$` are matched by filters that begin with it, never by a wildcard or a name in the first level, be the name `$SYS`.
//
// SUBSCRIBE is refused when the lists can never let a message through for the filter: when no grant to read intersects it, or each
// that does is covered, in what it has in common with the filter, by one denial that beats it. (`AccessReach` walks that.) It is granted
// where this cannot be shown, for instance when only several denials together cover a grant: what is delivered is asked for each message.
//
// Cost. A question without wildcards in its way is a hash and a comparison a level; with wildcards it enters at most the nodes whose filters
// match the beginning of the topic, so never more than a walk through the lines would, and nothing is allocated: the stack of at most
// 3 x 201 places is on the thread's. About 50 bytes a level of the file that is not shared with another line. Compiling is linear.
//
// Why not the obvious way. The list costs each question the whole file: 10 000 users with a topic each written as patterns and grants is
// 100 us a question. A hash set of literal topics beside a list of wildcards has two mechanisms and still the worst case of the second.

/// <summary>The rules of an access file as they are asked. Immutable.</summary>
internal sealed class AccessProgram : IListAuthorizer
{
    private readonly AccessTree _tree;
    private readonly Dictionary<string, AccessRoot> _users;
    private readonly AccessRoot? _anonymous;
    private readonly int _patterns;
    private readonly int _stackSize;
    private readonly bool _strict;
    private readonly ILogger? _log;
    private readonly TimeProvider _timeProvider;
    private readonly PeerLogLimiter? _limiter;

    /// <summary>Makes a program.</summary>
    /// <param name="tree">The nodes.</param>
    /// <param name="users">Root of each user's list.</param>
    /// <param name="anonymous">Root of the list of clients without user name; null for none.</param>
    /// <param name="patterns">Root of the patterns; 0 for none.</param>
    /// <param name="depth">Levels of the longest filter.</param>
    /// <param name="strict">Every SUBSCRIBE is granted.</param>
    /// <param name="log">For clients with dangerous names; null for nowhere.</param>
    /// <param name="timeProvider">The clock that bounds those lines.</param>
    internal AccessProgram(
        AccessTree tree, Dictionary<string, AccessRoot> users, AccessRoot? anonymous, int patterns, int depth, bool strict, ILogger? log, TimeProvider timeProvider)
    {
        _tree = tree;
        _users = users;
        _anonymous = anonymous;
        _patterns = patterns;
        // Each level leaves at most three places behind for later.
        _stackSize = (3 * depth) + 4;
        _strict = strict;
        _log = log;
        _timeProvider = timeProvider;
        _limiter = log is null ? null : new PeerLogLimiter(log);
    }

    /// <inheritdoc/>
    public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        if (topic.IsEmpty) return false;
        return action switch
        {
            AccessAction.Read => MayUse(identity, AccessRights.Read, topic, out _),
            AccessAction.Write => MayUse(identity, AccessRights.Write, topic, out _),
            AccessAction.Subscribe => _strict || MaySubscribe(identity, topic),
            // Who may not read any more may still say so.
            AccessAction.Unsubscribe => true,
            _ => false,
        };
    }

    /// <inheritdoc/>
    public bool MayWrite(Identity identity, ReadOnlySpan<byte> topicName, out object? list)
    {
        list = null;
        return !topicName.IsEmpty && MayUse(identity, AccessRights.Write, topicName, out list);
    }

    // Names stand in patterns alone, so where no rule asks for the address, what the own list grants it grants to everybody who has it.
    private bool MayUse(Identity identity, AccessRights right, ReadOnlySpan<byte> topic, out object? list)
    {
        list = null;
        var subject = new AccessSubject(identity);
        if (OwnRoot(identity) is { } own)
        {
            var found = Match(own.Node, topic, right, subject);
            if ((found & AccessRights.Deny) != 0) return false;
            if (found != 0)
            {
                if (!_tree.HasAddresses) list = own;
                return true;
            }
        }

        if (_patterns == 0 || IsDangerous(identity)) return false;
        return Match(_patterns, topic, right, subject) == right;
    }

    private bool MaySubscribe(Identity identity, ReadOnlySpan<byte> filter)
    {
        var subject = new AccessSubject(identity);
        var own = OwnRoot(identity)?.Node ?? 0;
        var reach = new AccessReach(this, _tree, subject, filter);
        if (own != 0 && reach.CanRead(own, own)) return true;
        return _patterns != 0 && !IsDangerous(identity) && reach.CanRead(_patterns, own);
    }

    /// <summary>Which of two rights a list gives for a topic: the denial if it has one, otherwise the one asked for, otherwise none.</summary>
    /// <param name="root">Root of the list.</param>
    /// <param name="topic">Topic name; or a topic filter, of which then every topic is meant: its <c>+</c> and <c>#</c> are matched by wildcards alone.</param>
    /// <param name="right">Read or write; or the denial alone.</param>
    /// <param name="subject">Who.</param>
    [SkipLocalsInit]
    internal AccessRights Match(int root, ReadOnlySpan<byte> topic, AccessRights right, in AccessSubject subject)
    {
        Span<Place> stack = stackalloc Place[_stackSize];
        var count = 0;
        stack[count++] = new Place(root, 0);
        var wanted = right | AccessRights.Deny;
        var granted = AccessRights.None;
        while (count > 0)
        {
            var place = stack[--count];
            ref readonly var node = ref _tree[place.Node];
            if ((node.Subtree & wanted) == 0) continue;
            // The first level of a $ topic is its own kind [MQTT-4.7.2-1].
            var isReserved = place.Offset == 0 && topic[0] == (byte)'$';
            var found = isReserved ? AccessRights.None : _tree.RightsAt(node, below: true, subject);
            if (place.Offset > topic.Length) found |= _tree.RightsAt(node, below: false, subject);
            if ((found & AccessRights.Deny) != 0) return AccessRights.Deny;
            if ((found & right) != 0)
            {
                granted = right;
                wanted = AccessRights.Deny;
            }

            if (place.Offset > topic.Length) continue;
            var rest = topic[place.Offset..];
            var length = rest.IndexOf((byte)'/');
            if (length < 0) length = rest.Length;
            count = Descend(place.Node, node, rest[..length], place.Offset + length + 1, isReserved, subject, stack, count);
        }

        return granted;
    }

    private int Descend(
        int index, in AccessNode node, ReadOnlySpan<byte> level, int next, bool isReserved, in AccessSubject subject, Span<Place> stack, int count)
    {
        if (!isReserved)
        {
            // Everything below, in a filter, is more than one level.
            if (node.AnyLevel != 0 && !level.SequenceEqual("#"u8)) stack[count++] = new Place(node.AnyLevel, next);
            if (node.ClientId != 0 && AccessSubject.LevelEquals(level, subject.NameOf(AccessEdge.ClientId))) stack[count++] = new Place(node.ClientId, next);
            if (node.UserName != 0 && subject.NameOf(AccessEdge.UserName) is { } name && AccessSubject.LevelEquals(level, name))
                stack[count++] = new Place(node.UserName, next);
        }

        var literal = _tree.FindLiteral(index, node, level);
        if (literal != 0) stack[count++] = new Place(literal, next);
        return count;
    }

    private AccessRoot? OwnRoot(Identity identity) => identity.UserName is null ? _anonymous : _users.GetValueOrDefault(identity.UserName);

    private bool IsDangerous(Identity identity)
    {
        if (identity.UserName is { } userName && AccessSubject.IsDangerous(userName))
        {
            if (MayLog()) BrokerLog.DangerousUserName(_log!, userName);
            return true;
        }

        if (!AccessSubject.IsDangerous(identity.ClientId)) return false;
        if (MayLog()) BrokerLog.DangerousClientId(_log!, identity.ClientId);
        return true;
    }

    private bool MayLog() => _limiter is not null && _limiter.TryTake(_timeProvider.GetTimestamp() * 1000 / _timeProvider.TimestampFrequency);

    /// <summary>Where a walk goes on.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Offset">Begin of the topic's next level; one more than the topic's length when there is none.</param>
    private readonly record struct Place(int Node, int Offset);
}
