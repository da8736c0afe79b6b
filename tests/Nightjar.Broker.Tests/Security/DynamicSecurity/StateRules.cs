using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>What must hold of every state.</summary>
internal static class StateRules
{
    public static void Check(DynamicSecurityState state)
    {
        foreach (var (userName, client) in state.Clients)
        {
            Assert.Equal(userName, client.UserName);
            CheckGrants(state, [.. client.Roles]);
            Assert.Equal(client.Groups.Order(Comparer<GroupMembership>.Create(DynamicOrder.Compare)).ToArray(), client.Groups.ToArray());
            Assert.Distinct(client.Groups.Select(group => group.GroupName));
            foreach (var (groupName, priority) in client.Groups) Assert.Equal(priority, state.Groups[groupName].Clients[userName]);
        }

        foreach (var (groupName, group) in state.Groups)
        {
            Assert.Equal(groupName, group.GroupName);
            CheckGrants(state, [.. group.Roles]);
            foreach (var (userName, priority) in group.Clients) Assert.Contains(new GroupMembership(groupName, priority), state.Clients[userName].Groups);
        }

        foreach (var (roleName, role) in state.Roles)
        {
            Assert.Equal(roleName, role.RoleName);
            Assert.Equal(DynamicOrder.Sorted(role.Rules).ToArray(), role.Rules.ToArray());
            Assert.Distinct(role.Rules.Select(rule => (rule.AclType, rule.Topic)));
        }

        if (state.AnonymousGroup is { } anonymous) Assert.True(state.Groups.ContainsKey(anonymous));
    }

    private static void CheckGrants(DynamicSecurityState state, IReadOnlyList<RoleGrant> grants)
    {
        Assert.Equal(grants.Order(Comparer<RoleGrant>.Create(DynamicOrder.Compare)), grants);
        Assert.Distinct(grants.Select(grant => grant.RoleName));
        foreach (var grant in grants) Assert.True(state.Roles.ContainsKey(grant.RoleName));
    }
}
