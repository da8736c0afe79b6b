namespace Nightjar.Broker.Security;

/// <summary>Asks the authenticator of the listener's security domain: users of one listener are nobody on another. mosquitto: per_listener_settings.</summary>
/// <remarks>Immutable.</remarks>
public sealed class DomainAuthenticator : IAuthenticator
{
    private readonly Dictionary<string, IAuthenticator> _domains;

    /// <summary>Makes one of several.</summary>
    /// <param name="domains">An authenticator for each <see cref="Configuration.ListenerOptions.SecurityDomain"/>; that of the listeners without one has the empty name.</param>
    /// <remarks>A domain that is not among them has no source of users, not somebody else's: its clients get in where the listener allows anonymous ones.</remarks>
    public DomainAuthenticator(IReadOnlyDictionary<string, IAuthenticator> domains)
    {
        ArgumentNullException.ThrowIfNull(domains);
        _domains = new Dictionary<string, IAuthenticator>(domains, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) =>
        Of(request.SecurityDomain).AuthenticateAsync(request, cancellationToken);

    /// <inheritdoc/>
    public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return Of(identity.SecurityDomain).IsStillAllowed(identity, proof, credential, anonymousAllowed);
    }

    private IAuthenticator Of(string domain) =>
        _domains.TryGetValue(domain, out var authenticator) ? authenticator : AnonymousAuthenticator.Instance;
}
