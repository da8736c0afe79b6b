using System.Collections.Immutable;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Whom a change concerns: its clients, the clients of its groups, and everybody with one of its roles, before the change or after it.</summary>
/// <param name="old">The state before.</param>
/// <param name="now">The state after.</param>
/// <param name="change">What is different.</param>
internal sealed class AffectedUsers(DynamicSecurityState old, DynamicSecurityState now, DynamicSecurityChange change)
{
    /// <summary>Whether a user is concerned.</summary>
    /// <param name="userName">The user; null for clients without a user name, whom the anonymous group stands for.</param>
    internal bool Contains(string? userName)
    {
        if (change.Everything) return true;
        if (userName is null) return change.AnonymousGroup || IsAffected(old, old.AnonymousGroup) || IsAffected(now, now.AnonymousGroup);
        return change.Clients.Contains(userName) || IsAffectedClient(old, userName) || IsAffectedClient(now, userName);
    }

    private bool IsAffectedClient(DynamicSecurityState state, string userName) =>
        state.Clients.TryGetValue(userName, out var client)
        && (HasChanged(client.Roles) || client.Groups.Any(membership => IsAffected(state, membership.GroupName)));

    private bool IsAffected(DynamicSecurityState state, string? groupName) =>
        groupName is not null
        && (change.Groups.Contains(groupName) || (state.Groups.TryGetValue(groupName, out var group) && HasChanged(group.Roles)));

    private bool HasChanged(ImmutableArray<RoleGrant> roles) => !change.Roles.IsEmpty && roles.Any(grant => change.Roles.Contains(grant.RoleName));
}
