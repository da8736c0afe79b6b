using System.Collections.Immutable;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Random roles, groups and clients out of so few words that they meet: once as a state, once for the reference.</summary>
internal sealed class RandomRights(Random random)
{
    private static readonly string[] Common = ["a", "b", "me", "bob", "%u", "%c"];
    private static readonly string[] Odd = ["c", "", "a b", "é", "$SYS", "$CONTROL", "pre-%u", "x"];
    private static readonly string[] UserNames = ["bob", "eve", "a", "a+b", "#", "x/y", "%u", "$SYS", "é", "nobody"];
    private static readonly string[] ClientIds = ["me", "a", "b", "bob", "a/b", "+", "a#", "%c", "$SYS", "é"];
    private static readonly string[] RoleNames = ["r1", "r2", "r3", "r4", "R", "é"];
    private static readonly string[] GroupNames = ["g1", "g2", "g3", "G"];

    /// <summary>Makes both forms of one random state.</summary>
    internal (DynamicSecurityState State, ReferenceRights Reference) Next()
    {
        var reference = new ReferenceRights
        {
            DefaultSend = Flip(),
            DefaultReceive = Flip(),
            DefaultSubscribe = Flip(),
            DefaultUnsubscribe = Flip(),
        };
        foreach (var name in RoleNames.Where(_ => random.Next(4) > 0)) reference.Roles.Add(name, NextRole(name));
        foreach (var name in GroupNames.Where(_ => random.Next(4) > 0)) reference.Groups.Add(name, new ReferenceRights.Group(name, Some(reference.Roles.Keys, 3)));
        foreach (var name in UserNames.Where(name => name != "nobody"))
            reference.Clients.Add(name, new ReferenceRights.Client(name, random.Next(12) == 0, Some(reference.Roles.Keys, 2), Some(reference.Groups.Keys, 3)));
        if (reference.Groups.Count > 0 && Flip()) reference.AnonymousGroup = reference.Groups.Keys.First();
        return (StateOf(reference), reference);
    }

    /// <summary>Changes one thing of a reference.</summary>
    internal void Change(ReferenceRights reference)
    {
        switch (random.Next(4))
        {
            case 0 when reference.Roles.Count > 0:
                var role = Pick([.. reference.Roles.Keys]);
                reference.Roles[role] = NextRole(role);
                break;
            case 1 when reference.Groups.Count > 0:
                var group = Pick([.. reference.Groups.Keys]);
                reference.Groups[group] = new ReferenceRights.Group(group, Some(reference.Roles.Keys, 3));
                break;
            case 2:
                reference.DefaultReceive = Flip();
                reference.DefaultSend = Flip();
                break;
            default:
                var name = Pick(UserNames);
                if (!reference.Clients.Remove(name))
                    reference.Clients.Add(name, new ReferenceRights.Client(name, false, Some(reference.Roles.Keys, 2), Some(reference.Groups.Keys, 3)));
                break;
        }
    }

    /// <summary>The state that says the same as a reference; what is equal to something in an earlier state is that very object.</summary>
    internal static DynamicSecurityState StateOf(ReferenceRights reference, DynamicSecurityState? earlier = null)
    {
        var state = (earlier ?? DynamicSecurityState.Empty) with
        {
            DefaultAccess = new DefaultAccess(reference.DefaultSend, reference.DefaultReceive, reference.DefaultSubscribe, reference.DefaultUnsubscribe),
            AnonymousGroup = reference.AnonymousGroup,
        };
        state = state with { Roles = Merge(state.Roles, reference.Roles.Values.Select(RoleOf), role => role.RoleName, Same) };
        var groups = reference.Groups.Values.Select(group => new DynamicGroup(group.Name) { Roles = Grants(group.Roles) });
        state = state with { Groups = Merge(state.Groups, groups, group => group.GroupName, (one, other) => one.Roles.SequenceEqual(other.Roles)) };
        var clients = reference.Clients.Values.Select(client => new DynamicClient(client.Name)
        {
            IsDisabled = client.Disabled,
            Roles = Grants(client.Roles),
            Groups = [.. Order(client.Groups).Select(entry => new GroupMembership(entry.Name, entry.Priority))],
        });
        return state with
        {
            Clients = Merge(
                state.Clients, clients, client => client.UserName,
                (one, other) => one.IsDisabled == other.IsDisabled && one.Roles.SequenceEqual(other.Roles) && one.Groups.SequenceEqual(other.Groups)),
        };
    }

    internal Identity NextIdentity() => new(Pick(ClientIds), random.Next(6) == 0 ? null : Pick(UserNames), null);

    internal string NextTopic()
    {
        while (true)
        {
            var topic = string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => NextLevel()));
            if (topic.Length > 0) return topic;
        }
    }

    internal string NextFilter()
    {
        while (true)
        {
            var filter = string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(3) == 0 ? "+" : NextLevel()));
            if (random.Next(3) == 0) filter += "/#";
            else if (random.Next(12) == 0) filter = "#";
            if (TopicFilter.IsValid(System.Text.Encoding.UTF8.GetBytes(filter))) return filter;
        }
    }

    private ReferenceRights.Role NextRole(string name)
    {
        var rules = new List<(AclType, string, int, bool)>();
        for (var count = random.Next(20) == 0 ? random.Next(60, 120) : random.Next(0, 12); count > 0; count--)
        {
            var type = (AclType)random.Next(6);
            var topic = NextFilter();
            if (rules.Any(rule => rule.Item1 == type && rule.Item2 == topic)) continue;
            rules.Add((type, topic, random.Next(-1, 3), Flip()));
        }

        return new ReferenceRights.Role(name, random.Next(4) > 0, rules);
    }

    private static DynamicRole RoleOf(ReferenceRights.Role role) => new(role.Name)
    {
        AllowWildcardSubscriptions = role.AllowWildcards,
        Rules = [.. role.Rules.OrderBy(rule => rule.Type).ThenByDescending(rule => rule.Priority).Select(rule => new DynamicRule(rule.Type, rule.Topic, rule.Priority, rule.Allow))],
    };

    private static bool Same(DynamicRole one, DynamicRole other) =>
        one.AllowWildcardSubscriptions == other.AllowWildcardSubscriptions && one.Rules.SequenceEqual(other.Rules);

    private static ImmutableSortedDictionary<string, T> Merge<T>(
        ImmutableSortedDictionary<string, T> earlier, IEnumerable<T> now, Func<T, string> nameOf, Func<T, T, bool> same)
    {
        var merged = earlier;
        var names = new HashSet<string>();
        foreach (var entry in now)
        {
            names.Add(nameOf(entry));
            if (!earlier.TryGetValue(nameOf(entry), out var old) || !same(old, entry)) merged = merged.SetItem(nameOf(entry), entry);
        }

        return merged.RemoveRange(earlier.Keys.Where(name => !names.Contains(name)));
    }

    private static ImmutableArray<RoleGrant> Grants(List<(string Role, int Priority)> roles) =>
        [.. Order(roles).Select(entry => new RoleGrant(entry.Name, entry.Priority))];

    private static IEnumerable<(string Name, int Priority)> Order(List<(string Name, int Priority)> entries) =>
        entries.OrderByDescending(entry => entry.Priority).ThenBy(entry => entry.Name, StringComparer.Ordinal);

    private List<(string, int)> Some(IEnumerable<string> names, int most)
    {
        var all = names.ToArray();
        random.Shuffle(all);
        return [.. all.Take(random.Next(most + 1)).Select(name => (name, random.Next(-1, 3)))];
    }

    private string NextLevel() => Pick(random.Next(4) == 0 ? Odd : Common);

    private bool Flip() => random.Next(2) == 0;

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
