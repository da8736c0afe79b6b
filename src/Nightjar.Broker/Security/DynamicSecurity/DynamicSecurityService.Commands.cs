namespace Nightjar.Broker.Security.DynamicSecurity;

public sealed partial class DynamicSecurityService
{
    internal ValueTask<byte[]> ExecuteAsync(ReadOnlyMemory<byte> request, Identity sender, IUserConnections connections, CancellationToken cancellationToken) => throw new NotSupportedException();
}
