namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Nobody is connected: there is no broker.</summary>
internal sealed class NoConnections : IUserConnections
{
    internal static readonly NoConnections Instance = new();

    private NoConnections()
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> AddressesOf(string userName) => [];
}
