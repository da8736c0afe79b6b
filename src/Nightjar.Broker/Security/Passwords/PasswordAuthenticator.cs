using Nightjar.Protocol;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>
/// Lets in whom a password file knows. Without a user name the listener's <c>allow_anonymous</c> decides; a user name needs its password, unless
/// TLS has proved it.
/// </summary>
/// <remarks>
/// <para>Immutable but for its memory of verified passwords: a new file is a new instance, and begins with none. Passwords are hashed on a few
/// threads of the pool that all instances share, never on the caller's; a password that was verified before is answered at once. When more than
/// a thousand passwords wait, or one has waited for 8 s, the answer is Server busy (0x89).</para>
/// <para>A user that does not exist costs the same hash as one that does.</para>
/// </remarks>
public sealed class PasswordAuthenticator : IAuthenticator
{
    private readonly PasswordFile _users;
    private readonly HashQueue _queue;
    private readonly VerifiedPasswords _verified;

    /// <summary>Makes one for a password file.</summary>
    public PasswordAuthenticator(PasswordFile users)
        : this(users, HashQueue.Shared, new VerifiedPasswords())
    {
    }

    internal PasswordAuthenticator(PasswordFile users, HashQueue queue, VerifiedPasswords verified)
    {
        ArgumentNullException.ThrowIfNull(users);
        _users = users;
        _queue = queue;
        _verified = verified;
    }

    /// <summary>The users.</summary>
    public PasswordFile Users => _users;

    /// <inheritdoc/>
    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        if (request.UserName is not { } userName)
            return new(request.Proof == IdentityProof.Password && request.AnonymousAllowed ? new AuthenticationResult(ReasonCode.Success, null) : Refused(null));
        if (request.Proof != IdentityProof.Password) return new(new AuthenticationResult(ReasonCode.Success, userName));
        if (request.Password is not { } password) return new(Refused(userName));

        var known = _users.TryGet(userName, out var entry);
        entry ??= new PasswordEntry(userName, _users.Dummy);
        var tag = VerifiedPasswords.TagOf(entry, password.Span);
        if (_verified.Contains(tag)) return new(new AuthenticationResult(ReasonCode.Success, userName, null, entry));
        return VerifyAsync(entry, known, tag, password, AddressPrefix.Of(request.RemoteEndPoint), cancellationToken);
    }

    /// <inheritdoc/>
    public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (proof != IdentityProof.Password) return true;
        if (identity.UserName is not { } userName) return anonymousAllowed;
        // Somebody who was let in without his password being looked at has not shown that he knows this one.
        return credential is PasswordEntry old && _users.TryGet(userName, out var entry) && entry.Hash.Equals(old.Hash);
    }

    private async ValueTask<AuthenticationResult> VerifyAsync(
        PasswordEntry entry, bool known, byte[]? tag, ReadOnlyMemory<byte> password, AddressPrefix from, CancellationToken cancellationToken)
    {
        var outcome = await _queue.VerifyAsync(entry.Hash, password, from, cancellationToken).ConfigureAwait(false);
        switch (outcome)
        {
            case HashOutcome.Match when known:
                _verified.Add(tag);
                return new AuthenticationResult(ReasonCode.Success, entry.UserName, null, entry);
            case HashOutcome.Busy:
                return new AuthenticationResult(ReasonCode.ServerBusy, entry.UserName);
            case HashOutcome.Failed:
                return new AuthenticationResult(ReasonCode.ServerUnavailable, entry.UserName);
            default:
                return Refused(entry.UserName);
        }
    }

    // Mosquitto's answer is "not authorised" whatever was wrong.
    private static AuthenticationResult Refused(string? userName) => new(ReasonCode.NotAuthorized, userName);
}
