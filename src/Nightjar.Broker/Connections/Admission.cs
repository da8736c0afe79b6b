using Nightjar.Broker.Security;

namespace Nightjar.Broker.Connections;

/// <summary>Who decides whether a client is let in. Immutable: a reload swaps the reference, and a connection that was judged by an earlier one is judged again.</summary>
internal sealed class Admission(IAuthenticator? authenticator, IReadOnlyList<IAuthenticationMethod>? methods)
{
    internal IAuthenticator Authenticator { get; } = authenticator ?? AnonymousAuthenticator.Instance;

    /// <summary>Methods of enhanced authentication by name.</summary>
    internal IReadOnlyDictionary<string, IAuthenticationMethod> Methods { get; } = (methods ?? []).ToDictionary(method => method.Name, StringComparer.Ordinal);
}
