using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The orders in which roles, groups and rules are kept, which are those in which they are asked.</summary>
internal static class DynamicOrder
{
    /// <summary>Priority downwards, then name.</summary>
    internal static int Compare(RoleGrant left, RoleGrant right) =>
        left.Priority != right.Priority ? right.Priority.CompareTo(left.Priority) : Utf8Order.Instance.Compare(left.RoleName, right.RoleName);

    /// <summary>Priority downwards, then name.</summary>
    internal static int Compare(GroupMembership left, GroupMembership right) =>
        left.Priority != right.Priority ? right.Priority.CompareTo(left.Priority) : Utf8Order.Instance.Compare(left.GroupName, right.GroupName);

    /// <summary>A list with one more role; names in it are different.</summary>
    internal static ImmutableArray<RoleGrant> With(this ImmutableArray<RoleGrant> roles, RoleGrant added)
    {
        var place = 0;
        while (place < roles.Length && Compare(roles[place], added) < 0) place++;
        return roles.Insert(place, added);
    }

    /// <summary>A list with one more group; names in it are different.</summary>
    internal static ImmutableArray<GroupMembership> With(this ImmutableArray<GroupMembership> groups, GroupMembership added)
    {
        var place = 0;
        while (place < groups.Length && Compare(groups[place], added) < 0) place++;
        return groups.Insert(place, added);
    }

    /// <summary>A list with one more rule, behind those of its type that have its priority or a higher one.</summary>
    internal static ImmutableArray<DynamicRule> With(this ImmutableArray<DynamicRule> rules, DynamicRule added)
    {
        var place = rules.Length;
        while (place > 0 && IsBehind(rules[place - 1], added)) place--;
        return rules.Insert(place, added);
    }

    /// <summary>A list of rules as they are to be kept.</summary>
    internal static ImmutableArray<DynamicRule> Sorted(IEnumerable<DynamicRule> rules) =>
        [.. rules.OrderBy(static rule => rule.AclType).ThenByDescending(static rule => rule.Priority)];

    /// <summary>Whether the list names a role.</summary>
    internal static int IndexOf(this ImmutableArray<RoleGrant> roles, string roleName)
    {
        for (var i = 0; i < roles.Length; i++)
        {
            if (roles[i].RoleName == roleName) return i;
        }

        return -1;
    }

    /// <summary>Whether the list names a group.</summary>
    internal static int IndexOf(this ImmutableArray<GroupMembership> groups, string groupName)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            if (groups[i].GroupName == groupName) return i;
        }

        return -1;
    }

    private static bool IsBehind(DynamicRule rule, DynamicRule added) =>
        rule.AclType != added.AclType ? rule.AclType > added.AclType : rule.Priority < added.Priority;
}
