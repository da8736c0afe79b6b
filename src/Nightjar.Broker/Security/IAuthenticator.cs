using System.Net;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security;

/// <summary>What a client says of itself in CONNECT.</summary>
/// <param name="ClientId">Client identifier; empty where one will be assigned.</param>
/// <param name="UserName">User name; null when the flag is 0.</param>
/// <param name="Password">Password; null when the flag is 0. Owned by the call: not kept after it.</param>
/// <param name="RemoteEndPoint">Network address; null in process.</param>
/// <param name="AnonymousAllowed">What the listener says of clients without a user name.</param>
/// <param name="Proof">What vouches for the user name.</param>
/// <param name="SecurityDomain">Which rules hold for the listener; empty for the common ones.</param>
public readonly record struct AuthenticationRequest(
    string ClientId,
    string? UserName,
    ReadOnlyMemory<byte>? Password,
    EndPoint? RemoteEndPoint,
    bool AnonymousAllowed,
    IdentityProof Proof = IdentityProof.Password,
    string SecurityDomain = "");

/// <summary>What vouches for a user name.</summary>
public enum IdentityProof : byte
{
    /// <summary>The password in CONNECT, which the authenticator checks.</summary>
    Password,

    /// <summary>A client certificate that TLS has verified: no password is asked for.</summary>
    Certificate,

    /// <summary>A pre-shared key that TLS has verified: no password is asked for.</summary>
    PreSharedKey,

    /// <summary>A method of enhanced authentication has let the client in (<see cref="IAuthenticationMethod"/>): it alone has found out who it is.</summary>
    AuthenticationMethod,
}

/// <summary>What authentication decided.</summary>
/// <param name="ReasonCode">Success, or the code for the CONNACK (0x80 and above).</param>
/// <param name="UserName">User name to go by; null for anonymous.</param>
/// <param name="ReasonString">For the client, when it asked for problem information; null for none.</param>
/// <param name="Credential">What the decision rests on, kept with the connection for <see cref="IAuthenticator.IsStillAllowed"/>; null when there is nothing to keep. Never the password.</param>
public readonly record struct AuthenticationResult(ReasonCode ReasonCode, string? UserName, string? ReasonString = null, object? Credential = null)
{
    /// <summary>Whether the client is let in.</summary>
    public bool IsSuccess => ReasonCode == ReasonCode.Success;
}

/// <summary>Decides who may connect. Called once per CONNECT, before anything of it acts.</summary>
public interface IAuthenticator
{
    /// <summary>Checks a user name and password.</summary>
    /// <remarks>May complete later; only that connection waits. Work that burns or blocks belongs on another thread, not on the caller's. Must not throw for what the peer sent.</remarks>
    ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken);

    /// <summary>Whether a client that was let in earlier, perhaps by a predecessor of this authenticator, would be let in now. Asked of every connected client after a reload, and
    /// of each that a method of enhanced authentication is about to let in, because a user that is kept out is kept out whatever he has proved.</summary>
    /// <param name="identity">Who it is.</param>
    /// <param name="proof">What vouched for it.</param>
    /// <param name="credential">What <see cref="AuthenticationResult.Credential"/> was.</param>
    /// <param name="anonymousAllowed">What its listener says now of clients without a user name.</param>
    /// <returns>False: the client is disconnected (0x98).</returns>
    /// <remarks>Does not block. The default keeps everybody.</remarks>
    bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed) => true;
}

/// <summary>One method of enhanced authentication (v5 AUTH, section 4.12).</summary>
public interface IAuthenticationMethod
{
    /// <summary>Name as it stands in the Authentication Method property.</summary>
    string Name { get; }

    /// <summary>Begins an exchange for one connection: at CONNECT, and again for each re-authentication.</summary>
    IAuthenticationExchange Begin(AuthenticationRequest request);
}

/// <summary>One exchange of an enhanced authentication.</summary>
public interface IAuthenticationExchange
{
    /// <summary>Takes the client's authentication data and answers.</summary>
    /// <param name="data">Authentication Data of CONNECT or AUTH; empty when absent.</param>
    /// <param name="cancellationToken">Ends when the connection does.</param>
    /// <returns>Continue (0x18) with data for the client, Success, or a refusal.</returns>
    ValueTask<AuthenticationStep> ContinueAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);
}

/// <summary>The broker's answer in an enhanced authentication.</summary>
/// <param name="ReasonCode">ContinueAuthentication, Success, or 0x80 and above.</param>
/// <param name="Data">Authentication Data for the client; empty for none.</param>
/// <param name="UserName">User name to go by after Success; null for anonymous.</param>
/// <param name="ReasonString">For the client, when it asked for problem information and it fits; null for none.</param>
public readonly record struct AuthenticationStep(ReasonCode ReasonCode, ReadOnlyMemory<byte> Data, string? UserName = null, string? ReasonString = null);
