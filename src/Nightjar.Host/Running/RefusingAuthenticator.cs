using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Host.Running;

/// <summary>Lets nobody in: what holds where the configuration names a source of users that is not active, because it might have refused them.</summary>
internal sealed class RefusingAuthenticator : IAuthenticator
{
    internal static readonly RefusingAuthenticator Instance = new();

    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) =>
        new(new AuthenticationResult(ReasonCode.NotAuthorized, null));

    public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed) => false;
}
