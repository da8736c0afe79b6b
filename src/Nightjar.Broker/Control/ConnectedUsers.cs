using System.Net;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary>Who is connected under the user names of one dynamic security. Looked up once, when it is first asked for: one request may ask for every client.</summary>
internal sealed class ConnectedUsers(BrokerCore core, DynamicSecurityService security) : IUserConnections
{
    private Dictionary<string, List<string>>? _addresses;

    public IReadOnlyList<string> AddressesOf(string userName) =>
        (_addresses ??= Find()).TryGetValue(userName, out var addresses) ? addresses : [];

    private Dictionary<string, List<string>> Find()
    {
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var rules = core.Environment.Gate.Authorizer as IDynamicSecuritySource;
        foreach (var connection in core.Connections.All)
        {
            if (connection.Session is null || connection.IsClosing || connection.Identity.UserName is not { } userName) continue;
            if (!ReferenceEquals(rules?.Of(connection.Identity.SecurityDomain), security)) continue;
            if (!found.TryGetValue(userName, out var addresses)) found.Add(userName, addresses = []);
            addresses.Add(connection.RemoteEndPoint is IPEndPoint { Address: var address } ? address.ToString() : "");
        }

        return found;
    }
}
