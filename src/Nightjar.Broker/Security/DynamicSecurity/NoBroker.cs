namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Nobody is connected: a tool works on the file. Options are what they are without a configuration.</summary>
internal sealed class NoBroker : IRunningBroker
{
    internal static readonly NoBroker Instance = new();

    private NoBroker()
    {
    }

    /// <inheritdoc/>
    public bool DeniesSpecialCharacters => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> AddressesOf(string userName) => [];
}
