using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Makes a state of the entries of a file, which may stand in any order: what refers to a name that nothing goes by is left out with a warning, as Mosquitto leaves it out in silence.</summary>
internal sealed class DynamicSecurityLinker
{
    private readonly Dictionary<string, DynamicRole> _roles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (DynamicGroup Group, List<RoleGrant> Roles, List<(string UserName, int Priority)> Clients, long At)> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (DynamicClient Client, List<RoleGrant> Roles, long At)> _clients = new(StringComparer.Ordinal);
    private readonly List<(long At, string Text)> _warnings = [];
    private (string Name, long At)? _anonymousGroup;

    internal void Add(DynamicRole role, long at)
    {
        if (!_roles.TryAdd(role.RoleName, role)) Duplicate("role", role.RoleName, at);
    }

    internal void Add(DynamicGroup group, List<RoleGrant> roles, List<(string UserName, int Priority)> clients, long at)
    {
        if (!_groups.TryAdd(group.GroupName, (group, roles, clients, at))) Duplicate("group", group.GroupName, at);
    }

    internal void Add(DynamicClient client, List<RoleGrant> roles, long at)
    {
        if (!_clients.TryAdd(client.UserName, (client, roles, at))) Duplicate("client", client.UserName, at);
    }

    internal void SetAnonymousGroup(string groupName, long at) => _anonymousGroup = (groupName, at);

    /// <summary>Makes the state.</summary>
    /// <param name="state">What the file says besides the entries.</param>
    /// <param name="fields">Where warnings go.</param>
    internal DynamicSecurityState Link(DynamicSecurityState state, JsonFields fields)
    {
        Dictionary<string, List<GroupMembership>> memberships = new(StringComparer.Ordinal);
        var groups = _groups.Values.Select(entry => entry.Group with
        {
            Roles = Link(entry.Roles, $"group \"{JsonFields.Shown(entry.Group.GroupName)}\"", entry.At),
            Clients = Link(entry.Group.GroupName, entry.Clients, memberships, entry.At),
        }).ToDictionary(static group => group.GroupName, StringComparer.Ordinal);
        var clients = _clients.Values.Select(entry => entry.Client with
        {
            Roles = Link(entry.Roles, $"client \"{JsonFields.Shown(entry.Client.UserName)}\"", entry.At),
            Groups = memberships.TryGetValue(entry.Client.UserName, out var list) ? Sorted(list) : [],
        }).ToDictionary(static client => client.UserName, StringComparer.Ordinal);
        if (_anonymousGroup is { } anonymous && !groups.ContainsKey(anonymous.Name) && anonymous.Name.Length > 0)
            _warnings.Add((anonymous.At, $"the anonymousGroup \"{JsonFields.Shown(anonymous.Name)}\" does not exist; there is none"));
        foreach (var (at, text) in _warnings) fields.Warn(at, text);
        return state with
        {
            Roles = state.Roles.AddRange(_roles),
            Groups = state.Groups.AddRange(groups),
            Clients = state.Clients.AddRange(clients),
            AnonymousGroup = _anonymousGroup is { } group && groups.ContainsKey(group.Name) ? group.Name : null,
        };
    }

    private ImmutableArray<RoleGrant> Link(List<RoleGrant> roles, string owner, long at)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        List<RoleGrant> linked = [];
        foreach (var grant in roles)
        {
            if (!_roles.TryGetValue(grant.RoleName, out var role)) _warnings.Add((at, $"the role \"{JsonFields.Shown(grant.RoleName)}\" of {owner} does not exist; it is left out"));
            else if (!names.Add(grant.RoleName)) _warnings.Add((at, $"the role \"{JsonFields.Shown(grant.RoleName)}\" of {owner} is given twice; the first one counts"));
            else linked.Add(grant with { RoleName = role.RoleName });
        }

        linked.Sort(DynamicOrder.Compare);
        return [.. linked];
    }

    private ImmutableSortedDictionary<string, int> Link(
        string groupName, List<(string UserName, int Priority)> clients, Dictionary<string, List<GroupMembership>> memberships, long at)
    {
        Dictionary<string, int> linked = new(StringComparer.Ordinal);
        foreach (var (userName, priority) in clients)
        {
            if (!_clients.TryGetValue(userName, out var entry))
            {
                _warnings.Add((at, $"the client \"{JsonFields.Shown(userName)}\" of group \"{JsonFields.Shown(groupName)}\" does not exist; it is left out"));
                continue;
            }

            if (!linked.TryAdd(entry.Client.UserName, priority))
            {
                _warnings.Add((at, $"the client \"{JsonFields.Shown(userName)}\" is in group \"{JsonFields.Shown(groupName)}\" twice; the first one counts"));
                continue;
            }

            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(memberships, userName, out _);
            (list ??= []).Add(new GroupMembership(groupName, priority));
        }

        return DynamicSecurityState.NoMembers.AddRange(linked);
    }

    private static ImmutableArray<GroupMembership> Sorted(List<GroupMembership> groups)
    {
        groups.Sort(DynamicOrder.Compare);
        return [.. groups];
    }

    private void Duplicate(string kind, string name, long at) => _warnings.Add((at, $"there is a {kind} \"{JsonFields.Shown(name)}\" before; this one is left out"));
}
