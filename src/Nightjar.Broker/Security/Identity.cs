using System.Net;

namespace Nightjar.Broker.Security;

/// <summary>Who a connection or an in-process client is, once authentication has let it in. Immutable.</summary>
/// <param name="ClientId">Client identifier, assigned ones included.</param>
/// <param name="UserName">User name that was authenticated; null for anonymous clients.</param>
/// <param name="Address">Network address of the client; null in process.</param>
/// <param name="SecurityDomain">Which rules hold for it: <see cref="Configuration.ListenerOptions.SecurityDomain"/> of the listener it last used; empty for the common ones.</param>
public sealed record Identity(string ClientId, string? UserName, EndPoint? Address, string SecurityDomain = "")
{
    /// <summary>Whether no user name was authenticated.</summary>
    public bool IsAnonymous => UserName is null;
}
