using Nightjar.Broker.Connections;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary><c>$CONTROL/dynamic-security/v1</c>: the dynamic security of the listener that the sender is connected to.</summary>
internal sealed class DynamicSecurityEndpoint(BrokerCore core) : IControlEndpoint
{
    internal const string Topic = "$CONTROL/dynamic-security/v1";

    public string TopicName => Topic;

    public bool IsActiveIn(string securityDomain) => Find(securityDomain) is not null;

    public async ValueTask<byte[]> ExecuteAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        // A reload may have taken it away since.
        if (Find(request.Sender.SecurityDomain) is not { } security) return """{"error":"endpoint not available"}"""u8.ToArray();
        return await security.ExecuteAsync(request.Payload, request.Sender, new ConnectedUsers(core, security), cancellationToken).ConfigureAwait(false);
    }

    private DynamicSecurityService? Find(string securityDomain) => (core.Environment.Gate.Authorizer as IDynamicSecuritySource)?.Of(securityDomain);
}
