namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>A role that a client or a group has.</summary>
/// <param name="RoleName">Name of a role that exists.</param>
/// <param name="Priority">Higher is asked first, equal ones by name; -100 000 to 100 000, -1 when nobody said.</param>
internal readonly record struct RoleGrant(string RoleName, int Priority);
