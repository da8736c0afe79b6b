namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Who is connected: what <c>getClient</c> tells of a client besides its entry.</summary>
internal interface IUserConnections
{
    /// <summary>Network addresses of the connections of a user, as text without the port; empty while there is none.</summary>
    /// <remarks>Does not block.</remarks>
    IReadOnlyList<string> AddressesOf(string userName);
}
