using Nightjar.Broker.Security.Passwords;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// Lets in whom dynamic security knows: with the password, or by what TLS has proved, unless the client is disabled or bound to another client
/// id. Who it does not know, or knows no password of, is the next one's.
/// </summary>
/// <remarks>A user that does not exist costs the same hash as one that does.</remarks>
internal sealed class DynamicSecurityAuthenticator : IAuthenticator
{
    // Hashes of one file are mostly made by one program: so many of its clients are looked at.
    private const int ClientsLookedAt = 16;
    private static readonly PasswordHash Usual = new(PasswordHashForm.Pbkdf2, PasswordHash.DefaultIterations, default, new byte[12], new byte[64]);
    private readonly DynamicSecurityService _security;
    private readonly IAuthenticator _next;
    private readonly HashQueue _queue;

    /// <summary>Makes one.</summary>
    /// <param name="security">What is asked first.</param>
    /// <param name="next">What is asked then; null: only clients without a user name, where the listener allows them, and those that TLS has named.</param>
    /// <param name="queue">Where passwords are hashed.</param>
    internal DynamicSecurityAuthenticator(DynamicSecurityService security, IAuthenticator? next, HashQueue queue)
    {
        _security = security;
        _next = next ?? AnonymousAuthenticator.Instance;
        _queue = queue;
    }

    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserName is not { } userName) return _next.AuthenticateAsync(request, cancellationToken);
        var client = _security.Program.State.Clients.GetValueOrDefault(userName);
        if (request.Proof != IdentityProof.Password)
            return client is null ? Defer(request, cancellationToken) : new(MayCome(client, request) ? new AuthenticationResult(ReasonCode.Success, userName) : Refused(userName));
        if (client is { Password: null })
            return MayCome(client, request) ? Defer(request, cancellationToken) : new(Refused(userName));
        if (request.Password is not { } password) return client is null ? Defer(request, cancellationToken) : new(Refused(userName));
        // Another source that may know the user hashes itself.
        if (client is null && !ReferenceEquals(_next, AnonymousAuthenticator.Instance)) return Defer(request, cancellationToken);

        var entry = new PasswordEntry(userName, client?.Password ?? DummyOf(_security.Program.State));
        var tag = VerifiedPasswords.TagOf(entry, password.Span);
        return _security.Verified.Contains(tag)
            ? new(Judge(request, client))
            : VerifyAsync(request, client, entry, tag, password, cancellationToken);
    }

    public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed)
    {
        if (identity.UserName is not { } userName) return _next.IsStillAllowed(identity, proof, credential, anonymousAllowed);
        if (!_security.Program.State.Clients.TryGetValue(userName, out var client))
            return credential is not DynamicCredential && _next.IsStillAllowed(identity, proof, credential, anonymousAllowed: false);
        if (client.IsDisabled || !HasClientId(client, identity.ClientId)) return false;
        if (proof != IdentityProof.Password) return true;
        if (credential is DynamicCredential known) return client.Password is { } now && now.Equals(known.Password);
        // Somebody who was let in by the next one has not shown that he knows a password that stands here now.
        return client.Password is null && _next.IsStillAllowed(identity, proof, credential, anonymousAllowed: false);
    }

    private async ValueTask<AuthenticationResult> VerifyAsync(
        AuthenticationRequest request, DynamicClient? client, PasswordEntry entry, byte[]? tag, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var outcome = await _queue.VerifyAsync(entry.Hash, password, AddressPrefix.Of(request.RemoteEndPoint), cancellationToken).ConfigureAwait(false);
        switch (outcome)
        {
            case HashOutcome.Match when client is not null:
                _security.Verified.Add(tag);
                return Judge(request, client);
            case HashOutcome.Busy:
                return new AuthenticationResult(ReasonCode.ServerBusy, entry.UserName);
            case HashOutcome.Failed:
                return new AuthenticationResult(ReasonCode.ServerUnavailable, entry.UserName);
            default:
                return Refused(entry.UserName);
        }
    }

    // The password is right. What else is to be said comes last, so that nobody learns of it who does not know the password.
    private static AuthenticationResult Judge(in AuthenticationRequest request, DynamicClient? client) =>
        client is not null && MayCome(client, request)
            ? new AuthenticationResult(ReasonCode.Success, client.UserName, null, new DynamicCredential(client.Password!))
            : Refused(request.UserName);

    private static PasswordHash DummyOf(DynamicSecurityState state) =>
        (state.Clients.Values.Take(ClientsLookedAt).Select(client => client.Password).OfType<PasswordHash>().FirstOrDefault() ?? Usual).MakeDummy();

    // Behind dynamic security a user name is not ignored: who gives one that nobody knows is not let in as if he had given none.
    private ValueTask<AuthenticationResult> Defer(in AuthenticationRequest request, CancellationToken cancellationToken) =>
        _next.AuthenticateAsync(request with { AnonymousAllowed = false }, cancellationToken);

    private static bool MayCome(DynamicClient client, in AuthenticationRequest request) => !client.IsDisabled && HasClientId(client, request.ClientId);

    private static bool HasClientId(DynamicClient client, string clientId) =>
        client.ClientId is null || string.Equals(client.ClientId, clientId, StringComparison.Ordinal);

    // Mosquitto's answer is "not authorised" whatever was wrong.
    private static AuthenticationResult Refused(string? userName) => new(ReasonCode.NotAuthorized, userName);
}
