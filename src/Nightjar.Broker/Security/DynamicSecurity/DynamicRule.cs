namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One entry of a role's <c>acls</c>.</summary>
/// <param name="AclType">What it speaks of.</param>
/// <param name="Topic">A valid topic filter; in all but the literal types <c>%c</c> and <c>%u</c> stand for the client's id and user name.</param>
/// <param name="Priority">Higher is asked first among the rules of its type; -100 000 to 100 000.</param>
/// <param name="IsAllowed">Allow or deny.</param>
internal readonly record struct DynamicRule(AclType AclType, string Topic, int Priority, bool IsAllowed);
