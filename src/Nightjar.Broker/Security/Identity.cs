using System.Net;
using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Security;

/// <summary>Who a connection or an in-process client is, once authentication has let it in. Immutable.</summary>
/// <param name="ClientId">Client identifier, assigned ones included.</param>
/// <param name="UserName">User name that was authenticated; null for anonymous clients.</param>
/// <param name="Address">Network address of the client; null in process.</param>
/// <param name="SecurityDomain">Which rules hold for it: <see cref="Configuration.ListenerOptions.SecurityDomain"/> of the listener it last used; empty for the common ones.</param>
public sealed record Identity(string ClientId, string? UserName, EndPoint? Address, string SecurityDomain = "") : IMessageOrigin
{
    /// <summary>Whether no user name was authenticated.</summary>
    public bool IsAnonymous => UserName is null;

    /// <summary>Who published a message: whose rights are asked when it is a will that fires, or a retained message that is read. Null for the broker itself.</summary>
    internal static Identity? PublisherOf(PublishedMessage message) => (Identity?)message.Origin;

    /// <summary>Whether rules could tell two identities of one client id apart: the port that a connection comes from is nothing they know.</summary>
    internal bool HasRightsOf(Identity other) =>
        string.Equals(UserName, other.UserName, StringComparison.Ordinal)
        && string.Equals(SecurityDomain, other.SecurityDomain, StringComparison.Ordinal)
        && (Address is IPEndPoint { Address: var address } && other.Address is IPEndPoint { Address: var otherAddress }
            ? address.Equals(otherAddress)
            : Equals(Address, other.Address));
}
