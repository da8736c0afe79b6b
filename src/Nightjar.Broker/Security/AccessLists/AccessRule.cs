namespace Nightjar.Broker.Security.AccessLists;

/// <summary>One <c>topic</c> or <c>pattern</c> line of an access file.</summary>
/// <param name="Scope">Which list it belongs to.</param>
/// <param name="UserName">The user of <see cref="AccessScope.User"/>; null otherwise.</param>
/// <param name="Rights">What it says.</param>
/// <param name="TopicFilter">Topics it says it of: a valid topic filter; in a pattern a level of <c>%c</c> or <c>%u</c> stands for the client's id or user name.</param>
/// <param name="Addresses">Clients it holds for; null for all.</param>
internal sealed record AccessRule(AccessScope Scope, string? UserName, AccessRights Rights, string TopicFilter, AddressRange? Addresses);
