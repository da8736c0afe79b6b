using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>
/// The evaluation of spec/mosquitto.md 1.5 and 3.2 written down line by line, with strings, sorting and no thought of cost: what the compiled
/// program is held against. It shares no code with it.
/// </summary>
internal sealed class ReferenceRights
{
    /// <summary>Rules of a role in the order in which they were added.</summary>
    internal sealed record Role(string Name, bool AllowWildcards, List<(AclType Type, string Topic, int Priority, bool Allow)> Rules);

    internal sealed record Group(string Name, List<(string Role, int Priority)> Roles);

    internal sealed record Client(string Name, bool Disabled, List<(string Role, int Priority)> Roles, List<(string Group, int Priority)> Groups);

    internal Dictionary<string, Role> Roles { get; } = [];

    internal Dictionary<string, Group> Groups { get; } = [];

    internal Dictionary<string, Client> Clients { get; } = [];

    internal string? AnonymousGroup { get; set; }

    internal bool DefaultSend { get; set; }

    internal bool DefaultReceive { get; set; }

    internal bool DefaultSubscribe { get; set; }

    internal bool DefaultUnsubscribe { get; set; }

    /// <summary>The answer; null when somebody else is to be asked.</summary>
    internal bool? Decide(Identity identity, AccessAction action, string topic)
    {
        List<Role> order = [];
        if (identity.UserName is null)
        {
            if (AnonymousGroup is null) return null;
            order.AddRange(Sorted(Groups[AnonymousGroup].Roles).Select(name => Roles[name]));
        }
        else
        {
            if (!Clients.TryGetValue(identity.UserName, out var client)) return null;
            if (client.Disabled) return false;
            order.AddRange(Sorted(client.Roles).Select(name => Roles[name]));
            foreach (var group in Sorted(client.Groups)) order.AddRange(Sorted(Groups[group].Roles).Select(name => Roles[name]));
        }

        foreach (var role in order)
        {
            if (Ask(role, identity, action, topic) is { } answer) return answer;
        }

        var fallback = action switch
        {
            AccessAction.Write => DefaultSend,
            AccessAction.Read => DefaultReceive,
            AccessAction.Subscribe => DefaultSubscribe,
            _ => DefaultUnsubscribe,
        };
        return fallback && topic != "$CONTROL" && !topic.StartsWith("$CONTROL/", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Sorted(List<(string Name, int Priority)> entries) =>
        entries.OrderByDescending(entry => entry.Priority).ThenBy(entry => entry.Name, StringComparer.Ordinal).Select(entry => entry.Name);

    private static bool? Ask(Role role, Identity identity, AccessAction action, string topic)
    {
        switch (action)
        {
            case AccessAction.Write:
                return First(role, AclType.PublishClientSend, (rule, _) => Covers(rule, identity, topic));
            case AccessAction.Read:
                return First(role, AclType.PublishClientReceive, (rule, _) => Covers(rule, identity, topic));
            case AccessAction.Subscribe:
                if (!role.AllowWildcards && (topic.Contains('+', StringComparison.Ordinal) || topic.Contains('#', StringComparison.Ordinal))) return false;
                return First(role, AclType.SubscribeLiteral, (rule, _) => rule == topic) ?? First(role, AclType.SubscribePattern, (rule, allow) => Covers(rule, identity, topic, deniesAll: !allow));
            default:
                return First(role, AclType.UnsubscribeLiteral, (rule, _) => rule == topic) ?? First(role, AclType.UnsubscribePattern, (rule, allow) => Covers(rule, identity, topic, deniesAll: !allow));
        }
    }

    // Higher priority first; equal ones in the order in which they were added.
    private static bool? First(Role role, AclType type, Func<string, bool, bool> matches)
    {
        foreach (var rule in role.Rules.Where(rule => rule.Type == type).OrderByDescending(rule => rule.Priority))
        {
            if (matches(rule.Topic, rule.Allow)) return rule.Allow;
        }

        return null;
    }

    // Whether a rule's topic stands for a topic name, or for every topic of a filter. What forbids a filter goes for those that begin with $ as well.
    private static bool Covers(string rule, Identity identity, string topic, bool deniesAll = false)
    {
        if (!deniesAll && rule.StartsWith('$') != topic.StartsWith('$')) return false;
        var wide = rule.Split('/');
        var narrow = topic.Split('/');
        for (var i = 0; ; i++)
        {
            if (i < wide.Length && wide[i] == "#" && i == wide.Length - 1) return true;
            if (i == wide.Length || i == narrow.Length) return i == wide.Length && i == narrow.Length;
            if (wide[i] == "+")
            {
                if (narrow[i] == "#") return false;
                continue;
            }

            var wanted = wide[i];
            if (wanted is "%c" or "%u")
            {
                wanted = wanted == "%c" ? identity.ClientId : identity.UserName;
                // A name is one level, and never a wildcard.
                if (wanted is null || wanted.AsSpan().IndexOfAny("/+#") >= 0) return false;
            }

            if (wanted != narrow[i]) return false;
        }
    }
}
