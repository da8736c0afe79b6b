using Nightjar.Broker.Connections;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary><c>$CONTROL/dynamic-security/v1</c>: the dynamic security of the listener that the sender is connected to.</summary>
internal sealed class DynamicSecurityEndpoint(BrokerCore core) : IControlEndpoint
{
    internal const string Topic = "$CONTROL/dynamic-security/v1";

    public string TopicName => Topic;

    public bool IsActiveIn(string securityDomain) => Find(securityDomain) is not null;

    public Task<byte[]> ExecuteAsync(ReadOnlySpan<byte> request, Identity sender) =>
        // A reload may have taken it away a moment ago.
        Find(sender.SecurityDomain)?.ExecuteAsync(request, sender) ?? Task.FromResult("""{"error":"endpoint not available"}"""u8.ToArray());

    private DynamicSecurityService? Find(string securityDomain) => (core.Environment.Gate.Authorizer as IDynamicSecuritySource)?.Of(securityDomain);
}
