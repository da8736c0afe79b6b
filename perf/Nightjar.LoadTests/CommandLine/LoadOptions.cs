using Nightjar.LoadTests.Reporting;
using Nightjar.LoadTests.Scenarios;
using Nightjar.LoadTests.Simulations;
using Nightjar.Protocol;
using Nightjar.Transport.Tls;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>What is to be run, against what, and how it is judged. Immutable. Null numbers are the scenario's own choice.</summary>
internal sealed record LoadOptions
{
    /// <summary>The scenarios, run one after the other.</summary>
    public IReadOnlyList<Scenario> Scenarios { get; init; } = [];

    /// <summary>The broker. Default 127.0.0.1:1883.</summary>
    public BrokerAddress Broker { get; init; } = BrokerAddress.Default;

    /// <summary>Protocol version of all clients. Default 5.0.</summary>
    public ProtocolVersion Version { get; init; } = ProtocolVersion.Mqtt50;

    /// <summary>QoS of publishes and subscriptions. Default 0; the offline queue's default is 1.</summary>
    public QualityOfService? QoS { get; init; }

    /// <summary>Payload bytes; at least <see cref="MessageStamp.Length"/>. Default 64.</summary>
    public int PayloadSize { get; init; } = 64;

    /// <summary>Publishing clients.</summary>
    public int? Publishers { get; init; }

    /// <summary>Subscribing clients.</summary>
    public int? Subscribers { get; init; }

    /// <summary>Topics of the wildcard scenario.</summary>
    public int? Topics { get; init; }

    /// <summary>Connections of the idle scenario.</summary>
    public int? Connections { get; init; }

    /// <summary>Messages of the offline queue scenario.</summary>
    public int? Messages { get; init; }

    /// <summary>Bytes a second that a slow consumer reads. Default 65 536.</summary>
    public int SlowBytesPerSecond { get; init; } = 65_536;

    /// <summary>Most deliveries under way in an open loop; what is due beyond waits. Default 1 000 000.</summary>
    public int MaximumUnderWay { get; init; } = 1_000_000;

    /// <summary>Whether subscribers have sessions that outlive their connection, so that a broker which keeps state has to keep what it sends them.</summary>
    public bool DurableSubscribers { get; init; }

    /// <summary>The load; empty: the scenario's default.</summary>
    public IReadOnlyList<LoadSimulation> Simulations { get; init; } = [];

    /// <summary>Length of a simulation that names none, and of the idle time. Default 10 s.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Load before measuring. Default 2 s.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long messages may stay away after the load has ended, without any other coming, until they count as lost. Default 5 s.</summary>
    public TimeSpan DrainPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First levels of all topics and beginning of all Client Identifiers; random by default, so that runs do not meet.</summary>
    public string Prefix { get; init; } = "load-" + Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 3));

    /// <summary>TLS of all connections; null for none.</summary>
    public CertificateClientOptions? Tls { get; init; }

    /// <summary>User Name, or null for none.</summary>
    public string? UserName { get; init; }

    /// <summary>Password, or null for none.</summary>
    public string? Password { get; init; }

    /// <summary>The broker's process, when it is on this machine, for its processor time and memory.</summary>
    public int? BrokerProcessId { get; init; }

    /// <summary>What must hold for exit code 0, beside <see cref="Threshold.Defaults"/>.</summary>
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    /// <summary>Folder for report.md, report.html and report.json; null for none.</summary>
    public string? ReportFolder { get; init; }

    /// <summary>File for the report in JSON; "-" for the standard output, instead of the text; null for none.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Shows what is going on while it does.</summary>
    public bool ShowProgress { get; init; } = true;

    /// <summary>Print the usage and end.</summary>
    public bool ShowHelp { get; init; }
}
