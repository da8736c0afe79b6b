using System.Collections.Immutable;
using Nightjar.Protocol;

namespace Nightjar.Host.Configuration.Sections;

/// <summary>One <c>connection</c> line with the options that follow it.</summary>
internal sealed record BridgeSection
{
    internal required string Name { get; init; }

    /// <summary>Tried in this order; at least one.</summary>
    internal ImmutableArray<BridgeAddress> Addresses { get; init; } = [];

    internal ImmutableArray<BridgeTopic> Topics { get; init; } = [];

    internal bool AttemptUnsubscribe { get; init; } = true;

    internal string? BindAddress { get; init; }

    /// <summary>Bytes; 0: only the remote broker's limit.</summary>
    internal int MaximumPacketSize { get; init; }

    internal ushort MaximumTopicAlias { get; init; } = 10;

    internal bool OutgoingRetain { get; init; } = true;

    internal ProtocolVersion ProtocolVersion { get; init; } = ProtocolVersion.Mqtt311;

    /// <summary>1 to 65 535; null: max_inflight_messages.</summary>
    internal ushort? ReceiveMaximum { get; init; }

    /// <summary>Whether a reload reconnects at once instead of at the next connection.</summary>
    internal bool ReloadsImmediately { get; init; }

    /// <summary>Seconds; 4 294 967 295: never.</summary>
    internal uint SessionExpiryInterval { get; init; }

    /// <summary>Null: TCP keepalive stays off.</summary>
    internal BridgeTcpKeepAlive? TcpKeepAlive { get; init; }

    /// <summary>Milliseconds; null: the system's.</summary>
    internal int? TcpUserTimeout { get; init; }

    internal bool CleanSession { get; init; }

    /// <summary>Null: as <see cref="CleanSession"/>.</summary>
    internal bool? LocalCleanSession { get; init; }

    internal TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>5 to 65 535 s.</summary>
    internal ushort KeepAlive { get; init; } = 60;

    /// <summary>Null: local. and the remote client id.</summary>
    internal string? LocalClientId { get; init; }

    internal string? LocalUserName { get; init; }

    internal string? LocalPassword { get; init; }

    internal bool Notifications { get; init; } = true;

    internal bool NotificationsLocalOnly { get; init; }

    /// <summary>Null: $SYS/broker/connection/REMOTE_CLIENTID/state.</summary>
    internal string? NotificationTopic { get; init; }

    /// <summary>Null: HOSTNAME.NAME.</summary>
    internal string? RemoteClientId { get; init; }

    internal string? RemoteUserName { get; init; }

    internal string? RemotePassword { get; init; }

    internal BridgeRestartTimeout RestartTimeout { get; init; } = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.Zero);

    internal bool RoundRobin { get; init; }

    internal BridgeStartType StartType { get; init; }

    /// <summary>Messages that wake a lazy bridge; at least 1.</summary>
    internal int Threshold { get; init; } = 10;

    internal bool TryPrivate { get; init; } = true;

    internal BridgeTlsSection Tls { get; init; } = new();

    internal SourcePlace Place { get; init; }

    /// <summary>Options that were given for it, by name.</summary>
    internal ImmutableDictionary<string, string> Settings { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The client id at the remote broker, default included.</summary>
    internal string EffectiveRemoteClientId => RemoteClientId ?? $"{Environment.MachineName}.{Name}";

    /// <summary>The client id here, default included; unique among bridges.</summary>
    internal string EffectiveLocalClientId => LocalClientId ?? "local." + EffectiveRemoteClientId;
}
