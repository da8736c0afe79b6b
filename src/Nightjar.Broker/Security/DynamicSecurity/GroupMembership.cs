namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>A group that a client is in.</summary>
/// <param name="GroupName">Name of a group that exists.</param>
/// <param name="Priority">Higher is asked first, equal ones by name; -100 000 to 100 000, -1 when nobody said.</param>
internal readonly record struct GroupMembership(string GroupName, int Priority);
