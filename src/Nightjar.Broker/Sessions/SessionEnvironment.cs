using Microsoft.Extensions.Logging;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Sessions;

/// <summary>What every session of a broker shares.</summary>
internal sealed class SessionEnvironment
{
    private const long MemoryGrant = 64 * 1024;
    private BrokerOptions _options;

    /// <summary>Sessions of which a message was dropped since they were made; counted with interlocked additions.</summary>
    internal long DroppingSessions;

    internal SessionEnvironment(BrokerOptions options, BrokerClock clock, AccessGate gate, BrokerStores stores, ILogger log)
    {
        _options = options;
        Clock = clock;
        Gate = gate;
        Stores = stores;
        Log = log;
        PeerLog = new PeerLogLimiter(log);
        Wheel = new TimingWheel();
        Memory = new MemoryAccount(Messages);
    }

    /// <summary>The options in force; a reload swaps the reference.</summary>
    internal BrokerOptions Options
    {
        get => Volatile.Read(ref _options);
        set => Volatile.Write(ref _options, value);
    }

    internal BrokerClock Clock { get; }

    internal TimingWheel Wheel { get; }

    internal AccessGate Gate { get; }

    internal BrokerStores Stores { get; }

    internal BrokerCounters Counters { get; } = new();

    internal MessagePool Messages { get; } = new();

    /// <summary>What messages and output hold; kept whether there is a limit or not, so that one can be set at any time.</summary>
    internal MemoryAccount Memory { get; }

    /// <summary>Who gets what; shared, because a delivery that comes back from a store belongs to a shared subscription by name.</summary>
    internal SubscriptionTrie Subscriptions { get; } = new();

    /// <summary>Reads of the store to be tried again.</summary>
    internal StalledPages Stalled { get; } = new();

    internal ILogger Log { get; }

    /// <summary>Asked before every line that a peer can cause.</summary>
    internal PeerLogLimiter PeerLog { get; }

    /// <summary>Whether some bytes more may be held. Counts it when not.</summary>
    /// <param name="bytes">What is about to be held.</param>
    /// <param name="context">The batch: it draws on what one look at the account found, at most <see cref="MemoryGrant"/>, before it looks again.</param>
    internal bool AdmitsMemory(long bytes, BatchContext context)
    {
        var limit = Options.MemoryLimit;
        if (limit == 0) return true;
        if (context.MemoryGrant >= bytes)
        {
            context.MemoryGrant -= bytes;
            return true;
        }

        var left = limit - Memory.Held - bytes;
        if (left >= 0)
        {
            context.MemoryGrant = Math.Min(left, MemoryGrant);
            return true;
        }

        Counters.CountLimit(BrokerLimit.MemoryLimit);
        return false;
    }

    /// <summary>The value of the clock at which a message that lives for some seconds expires.</summary>
    internal long ExpiryOf(uint seconds) => Clock.Now + seconds * 1000L;

    /// <summary>Remaining Message Expiry Interval in seconds, rounded up; 0 when the time is over or the message does not expire [MQTT-3.3.2-6].</summary>
    internal uint RemainingSeconds(long expiresAt)
    {
        if (expiresAt == long.MaxValue) return 0;
        var left = expiresAt - Clock.Now;
        return left <= 0 ? 0 : (uint)Math.Min(uint.MaxValue, (left + 999) / 1000);
    }
}
