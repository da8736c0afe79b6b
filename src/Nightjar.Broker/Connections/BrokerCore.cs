using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <summary>What every connection of a broker shares: made once by <see cref="MqttBroker"/>.</summary>
internal sealed class BrokerCore
{
    internal BrokerCore(SessionEnvironment environment, IAuthenticator authenticator, IReadOnlyList<IAuthenticationMethod> methods)
    {
        Environment = environment;
        Authenticator = authenticator;
        Router = new Router(environment);
        Sessions = new SessionRegistry(environment, Router);
        Durability = new DurabilityRelease(environment.Stores.Messages);
        AuthenticationMethods = methods.ToDictionary(method => method.Name, StringComparer.Ordinal);
    }

    internal SessionEnvironment Environment { get; }

    internal Router Router { get; }

    internal SessionRegistry Sessions { get; }

    internal DurabilityRelease Durability { get; }

    internal IAuthenticator Authenticator { get; }

    internal IReadOnlyDictionary<string, IAuthenticationMethod> AuthenticationMethods { get; }

    internal PeerLogLimiter PeerLog => Environment.PeerLog;

    internal BrokerEvents Events { get; } = new();

    /// <summary>How fast addresses connect, over all listeners.</summary>
    internal ConnectRateTable ConnectRates { get; } = new();

    /// <summary>Connections now; the table of them is the broker's only list.</summary>
    internal ConnectionTable Connections { get; } = new();
}
