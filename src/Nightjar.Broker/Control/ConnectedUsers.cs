using System.Net;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary>Who is connected under the user names of one dynamic security. A look at every connection: it is asked once for a command of an administrator.</summary>
internal sealed class ConnectedUsers(BrokerCore core, DynamicSecurityService security) : IUserConnections
{
    public IReadOnlyList<string> AddressesOf(string userName)
    {
        var rules = core.Environment.Gate.Authorizer as IDynamicSecuritySource;
        return
        [
            .. core.Connections.All
                .Where(connection => connection.Session is not null && !connection.IsClosing && connection.Identity.UserName == userName)
                .Where(connection => ReferenceEquals(rules?.Of(connection.Identity.SecurityDomain), security))
                .Select(connection => connection.RemoteEndPoint is IPEndPoint { Address: var address } ? address.ToString() : ""),
        ];
    }
}
