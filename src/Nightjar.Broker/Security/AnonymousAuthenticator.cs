using Nightjar.Protocol;

namespace Nightjar.Broker.Security;

/// <summary>
/// What holds while no source of users is configured: with anonymous access allowed everybody is let in, with or without credentials
/// (Mosquitto: table 1.2, first row); without it nobody is.
/// </summary>
internal sealed class AnonymousAuthenticator : IAuthenticator
{
    internal static readonly AnonymousAuthenticator Instance = new();

    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        // Who TLS has proved to be somebody is not anonymous.
        var allowed = request.Proof == IdentityProof.Password ? request.AnonymousAllowed : request.UserName is not null;
        return new(new AuthenticationResult(allowed ? ReasonCode.Success : ReasonCode.NotAuthorized, request.UserName));
    }

    public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed) =>
        proof != IdentityProof.Password || anonymousAllowed;
}
