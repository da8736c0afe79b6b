using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Changes that concern more than one entry. Each keeps what <see cref="DynamicSecurityState"/> promises: names that exist, and clients and groups that know each other.</summary>
internal static class DynamicSecurityEdits
{
    /// <summary>Puts a client in exactly these groups, all of which exist.</summary>
    /// <param name="context">Notes what is touched.</param>
    /// <param name="state">The state.</param>
    /// <param name="client">The client as it is in the state, or is to be.</param>
    /// <param name="memberships">Its groups, each once.</param>
    /// <returns>A state with the client and the groups.</returns>
    internal static DynamicSecurityState WithGroups(CommandContext context, DynamicSecurityState state, DynamicClient client, IEnumerable<GroupMembership> memberships)
    {
        ImmutableArray<GroupMembership> sorted = [.. memberships.Order(Comparer<GroupMembership>.Create(DynamicOrder.Compare))];
        var groups = state.Groups;
        foreach (var old in client.Groups)
        {
            if (sorted.IndexOf(old.GroupName) >= 0) continue;
            groups = groups.SetItem(old.GroupName, WithoutMember(groups[old.GroupName], client.UserName));
            context.TouchGroup(old.GroupName);
        }

        foreach (var membership in sorted)
        {
            var group = groups[membership.GroupName];
            if (group.Clients.TryGetValue(client.UserName, out var priority) && priority == membership.Priority) continue;
            groups = groups.SetItem(group.GroupName, group with { Clients = group.Clients.SetItem(client.UserName, membership.Priority) });
            context.TouchGroup(group.GroupName);
        }

        context.TouchClient(client.UserName);
        return state with { Groups = groups, Clients = state.Clients.SetItem(client.UserName, client with { Groups = sorted }) };
    }

    /// <summary>Puts exactly these clients, all of which exist, into a group.</summary>
    /// <param name="context">Notes what is touched.</param>
    /// <param name="state">The state.</param>
    /// <param name="group">The group as it is in the state, or is to be.</param>
    /// <param name="members">User names, each once, with priorities.</param>
    internal static DynamicSecurityState WithMembers(CommandContext context, DynamicSecurityState state, DynamicGroup group, IReadOnlyList<(string UserName, int Priority)> members)
    {
        var clients = state.Clients.ToBuilder();
        var wanted = members.ToDictionary(static member => member.UserName, static member => member.Priority, StringComparer.Ordinal);
        foreach (var (userName, priority) in group.Clients)
        {
            if (wanted.TryGetValue(userName, out var kept) && kept == priority) continue;
            clients[userName] = WithoutGroup(clients[userName], group.GroupName);
            context.TouchClient(userName);
        }

        foreach (var (userName, priority) in members)
        {
            var client = clients[userName];
            if (client.Groups.IndexOf(group.GroupName) >= 0) continue;
            clients[userName] = client with { Groups = client.Groups.With(new GroupMembership(group.GroupName, priority)) };
            context.TouchClient(userName);
        }

        context.TouchGroup(group.GroupName);
        return state with
        {
            Clients = clients.ToImmutable(),
            Groups = state.Groups.SetItem(group.GroupName, group with { Clients = DynamicSecurityState.NoMembers.AddRange(wanted) }),
        };
    }

    /// <summary>Takes a client out of the state and its groups.</summary>
    internal static DynamicSecurityState WithoutClient(CommandContext context, DynamicSecurityState state, DynamicClient client)
    {
        var groups = state.Groups;
        foreach (var (groupName, _) in client.Groups)
        {
            groups = groups.SetItem(groupName, WithoutMember(groups[groupName], client.UserName));
            context.TouchGroup(groupName);
        }

        context.TouchClient(client.UserName);
        return state with { Groups = groups, Clients = state.Clients.Remove(client.UserName) };
    }

    /// <summary>Takes a group out of the state and its clients.</summary>
    internal static DynamicSecurityState WithoutGroup(CommandContext context, DynamicSecurityState state, DynamicGroup group)
    {
        var clients = state.Clients.ToBuilder();
        foreach (var (userName, _) in group.Clients)
        {
            clients[userName] = WithoutGroup(clients[userName], group.GroupName);
            context.TouchClient(userName);
        }

        context.TouchGroup(group.GroupName);
        return state with { Clients = clients.ToImmutable(), Groups = state.Groups.Remove(group.GroupName) };
    }

    /// <summary>Takes a role out of the state and away from everybody who has it.</summary>
    /// <remarks>Looks at every client and group: some milliseconds for 100 000, which is less than an index of them would cost every other change.</remarks>
    internal static DynamicSecurityState WithoutRole(CommandContext context, DynamicSecurityState state, DynamicRole role)
    {
        var clients = state.Clients.ToBuilder();
        foreach (var (userName, client) in state.Clients)
        {
            var place = client.Roles.IndexOf(role.RoleName);
            if (place < 0) continue;
            clients[userName] = client with { Roles = client.Roles.RemoveAt(place) };
            context.TouchClient(userName);
        }

        var groups = state.Groups.ToBuilder();
        foreach (var (groupName, group) in state.Groups)
        {
            var place = group.Roles.IndexOf(role.RoleName);
            if (place < 0) continue;
            groups[groupName] = group with { Roles = group.Roles.RemoveAt(place) };
            context.TouchGroup(groupName);
        }

        context.TouchRole(role.RoleName);
        return state with { Clients = clients.ToImmutable(), Groups = groups.ToImmutable(), Roles = state.Roles.Remove(role.RoleName) };
    }

    private static DynamicGroup WithoutMember(DynamicGroup group, string userName) => group with { Clients = group.Clients.Remove(userName) };

    private static DynamicClient WithoutGroup(DynamicClient client, string groupName)
    {
        var place = client.Groups.IndexOf(groupName);
        return place < 0 ? client : client with { Groups = client.Groups.RemoveAt(place) };
    }
}
