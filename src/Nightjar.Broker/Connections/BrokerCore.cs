using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <summary>What every connection of a broker shares: made once by <see cref="MqttBroker"/>.</summary>
internal sealed class BrokerCore
{
    private Admission _admission;

    internal BrokerCore(SessionEnvironment environment, Admission admission)
    {
        Environment = environment;
        _admission = admission;
        FailedLogins = new FailedLogins(environment.Clock.Provider);
        Router = new Router(environment);
        Sessions = new SessionRegistry(environment, Router);
        Durability = new DurabilityRelease(environment.Stores.Messages);
    }

    internal SessionEnvironment Environment { get; }

    internal Router Router { get; }

    internal SessionRegistry Sessions { get; }

    internal DurabilityRelease Durability { get; }

    /// <summary>Who is let in; a reload swaps the reference.</summary>
    internal Admission Admission
    {
        get => Volatile.Read(ref _admission);
        set => Volatile.Write(ref _admission, value);
    }

    /// <summary>The same decides who is let in, but by other users: connections that were let in before know by the new reference that they have to be judged again.</summary>
    internal void RenewAdmission()
    {
        Admission current;
        do
        {
            current = Admission;
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _admission, current.Renewed(), current), current));
    }

    internal FailedLogins FailedLogins { get; }

    /// <summary>What takes requests below <c>$CONTROL</c>: set once, before the first connection.</summary>
    internal IControlPoint Control { get; set; } = null!;

    internal PeerLogLimiter PeerLog => Environment.PeerLog;

    internal BrokerEvents Events { get; } = new();

    /// <summary>How fast addresses connect, over all listeners.</summary>
    internal ConnectRateTable ConnectRates { get; } = new();

    /// <summary>Connections now; the table of them is the broker's only list.</summary>
    internal ConnectionTable Connections { get; } = new();
}
