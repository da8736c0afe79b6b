using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Nightjar.Broker.Configuration;

namespace Nightjar.Host.Configuration.Sections;

/// <summary>One <c>listener</c> line, or the default listener, with the options that follow it.</summary>
internal sealed record ListenerSection
{
    /// <summary>1 to 65 535; 0: a unix domain socket at <see cref="UnixPath"/>.</summary>
    internal int Port { get; init; }

    /// <summary>Address or host name; null: all addresses.</summary>
    internal string? Host { get; init; }

    internal string? UnixPath { get; init; }

    /// <summary>Whether no <c>listener</c> line stands for it: options before the first one, port and bind_address make it.</summary>
    internal bool IsDefault { get; init; }

    /// <summary>Whether a <c>port</c> line gave the port of the default listener.</summary>
    internal bool HasPortLine { get; init; }

    /// <summary>InterNetwork or InterNetworkV6; null: both.</summary>
    internal AddressFamily? SocketDomain { get; init; }

    /// <summary>What the engine knows of it. The end point is a placeholder and TLS is empty; see <see cref="ListenerPlan"/>.</summary>
    internal ListenerOptions Options { get; init; } = new() { EndPoint = new IPEndPoint(IPAddress.Any, 0) };

    internal ListenerTlsSection Tls { get; init; } = new();

    internal SecuritySection Security { get; init; } = new();

    internal bool UseIdentityAsUserName { get; init; }

    internal bool UseSubjectAsUserName { get; init; }

    /// <summary>Whether the listener serves the HTTP API instead of MQTT.</summary>
    internal bool IsHttpApi { get; init; }

    internal string? HttpDirectory { get; init; }

    /// <summary>PROXY protocol version 1 or 2; 0: none.</summary>
    internal int ProxyProtocol { get; init; }

    internal bool ProxyProtocolRequiresTls { get; init; }

    internal SourcePlace Place { get; init; }

    /// <summary>Options that were given for it, by name.</summary>
    internal ImmutableDictionary<string, string> Settings { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>What tells it from the other listeners: PORT, PORT HOST, or the path of its socket.</summary>
    internal string Key => UnixPath ?? (Host is null ? $"{Port}" : $"{Port} {Host}");
}
