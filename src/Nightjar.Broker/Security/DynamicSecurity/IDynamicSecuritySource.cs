namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Rules that dynamic security is part of: where a broker finds whose commands it has to take.</summary>
internal interface IDynamicSecuritySource
{
    /// <summary>All of it that is part of the rules, each once.</summary>
    IEnumerable<DynamicSecurityService> All { get; }

    /// <summary>The one that decides about the clients of a security domain; null for none.</summary>
    DynamicSecurityService? Of(string securityDomain);
}
