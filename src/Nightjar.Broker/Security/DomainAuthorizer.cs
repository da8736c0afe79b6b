using System.Collections.Frozen;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Security;

/// <summary>
/// Rules of their own for each security domain (mosquitto: <c>per_listener_settings true</c>): a client is judged by the authorizer of the
/// listener it last used.
/// </summary>
/// <remarks>Immutable. Two look-ups a decision more than one set of rules.</remarks>
public sealed class DomainAuthorizer : IAuthorizer, IDynamicSecuritySource
{
    private readonly FrozenDictionary<string, IAuthorizer?> _domains;

    /// <summary>Makes one.</summary>
    /// <param name="domains">Authorizer of each domain; the empty name is the common one. Null: everything is allowed, as on a Mosquitto listener without <c>acl_file</c>.
    /// In a domain that is not there nothing is: its listener is gone, and a will or a session that it left behind must not profit from that.</param>
    public DomainAuthorizer(IReadOnlyDictionary<string, IAuthorizer?> domains)
    {
        ArgumentNullException.ThrowIfNull(domains);
        _domains = domains.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic) =>
        _domains.TryGetValue(identity.SecurityDomain, out var authorizer)
        && (authorizer is null ? MayWithoutRules(topic) : authorizer.May(identity, action, topic));

    IEnumerable<DynamicSecurityService> IDynamicSecuritySource.All =>
        _domains.Values.OfType<IDynamicSecuritySource>().SelectMany(source => source.All).Distinct();

    DynamicSecurityService? IDynamicSecuritySource.Of(string securityDomain) =>
        _domains.TryGetValue(securityDomain, out var authorizer) ? (authorizer as IDynamicSecuritySource)?.Of(securityDomain) : null;

    // The answers to administrators of one listener are nothing that another listener, where nobody is kept from anything, hears.
    private static bool MayWithoutRules(ReadOnlySpan<byte> topic) => !TopicRoot.IsControl(topic);
}
