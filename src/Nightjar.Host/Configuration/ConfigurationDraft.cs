using Nightjar.Broker.Configuration;

namespace Nightjar.Host.Configuration;

/// <summary>A configuration while its file is read.</summary>
internal sealed class ConfigurationDraft
{
    internal BrokerOptions Options { get; set; } = new() { AllowAnonymous = false };

    internal bool? AllowAnonymous { get; set; }

    internal bool NoDelay { get; set; } = true;

    /// <summary>One entry per <c>listener</c> line; one without an address is two sockets, IPv4 and IPv6.</summary>
    internal List<ListenerOptions[]> Listeners { get; } = [];

    /// <summary>Changes the listener that was named last; false when there is none.</summary>
    internal bool ChangeListener(Func<ListenerOptions, ListenerOptions> change)
    {
        if (Listeners.Count == 0) return false;
        Listeners[^1] = [.. Listeners[^1].Select(change)];
        return true;
    }
}
