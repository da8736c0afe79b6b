using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Options;

/// <summary>Where the payload of pub and rr comes from.</summary>
internal enum PayloadSource : byte
{
    None,
    Argument,
    File,
    Null,
    StandardInput,
    StandardInputLines,
}

/// <summary>What a tool was asked to do: defaults, then the option file, then the command line.</summary>
internal sealed class ToolOptions(ToolKind kind)
{
    internal ToolKind Kind { get; } = kind;

    internal string Host { get; set; } = "localhost";

    internal int Port { get; set; } = -1;

    internal string? UnixPath { get; set; }

    internal bool NoDelay { get; set; }

    internal string? ClientId { get; set; }

    internal string? ClientIdPrefix { get; set; }

    internal bool CleanSession { get; set; } = true;

    internal ushort KeepAlive { get; set; } = 60;

    internal string? UserName { get; set; }

    internal string? Password { get; set; }

    internal ProtocolVersion Version { get; set; } = kind is ToolKind.Rr or ToolKind.Ctrl ? ProtocolVersion.Mqtt50 : ProtocolVersion.Mqtt311;

    internal long SessionExpiryInterval { get; set; } = -1;

    internal bool HasSessionExpiryInterval { get; set; }

    internal QualityOfService QoS { get; set; } = kind == ToolKind.Ctrl ? QualityOfService.AtLeastOnce : QualityOfService.AtMostOnce;

    internal bool Retain { get; set; }

    internal bool Debug { get; set; }

    internal bool Quiet { get; set; }

    internal int MaximumInflight { get; set; } = 20;

    internal List<string> Topics { get; } = [];

    internal List<string> FilteredOut { get; } = [];

    internal List<string> Unsubscribe { get; } = [];

    internal string? ResponseTopic { get; set; }

    internal PayloadSource PayloadSource { get; set; }

    internal string? PayloadArgument { get; set; }

    internal int RepeatCount { get; set; } = 1;

    internal TimeSpan RepeatDelay { get; set; }

    internal string? WillTopic { get; set; }

    internal string? WillPayload { get; set; }

    internal QualityOfService WillQoS { get; set; }

    internal bool WillRetain { get; set; }

    internal int MessageCount { get; set; }

    internal bool ExitAfterSubscribe { get; set; }

    internal string? Format { get; set; }

    internal bool NoEndOfLine { get; set; }

    internal bool NoRetained { get; set; }

    internal bool RetainedOnly { get; set; }

    internal bool RemoveRetained { get; set; }

    internal bool RetainAsPublished { get; set; }

    internal RetainHandling RetainHandling { get; set; }

    internal bool Verbose { get; set; }

    internal bool Watch { get; set; }

    internal bool MessageRate { get; set; }

    internal bool Pretty { get; set; }

    internal double RandomFilter { get; set; } = 100;

    internal int TimeoutSeconds { get; set; }

    /// <summary>Name or address of this machine to connect from; null for any.</summary>
    internal string? BindAddress { get; set; }

    internal ToolTlsOptions Tls { get; } = new();

    /// <summary>ctrl: the file of dynamic security to change instead of asking a broker; null to ask.</summary>
    internal string? DynsecFile { get; set; }

    /// <summary>ctrl: the option file of -o; null for the user's.</summary>
    internal string? OptionFile { get; set; }

    /// <summary>ctrl: whether a server was named, by -h, -L or --unix.</summary>
    internal bool HasServer { get; set; }

    /// <summary>ctrl: --help or --version; null for neither.</summary>
    internal string? Question { get; set; }

    /// <summary>The first option that needs WebSockets, a proxy or SRV, which this build does not have; null for none.</summary>
    internal string? UnavailableOption { get; set; }

    internal ToolProperties Properties { get; } = new();

    /// <summary>What to connect with.</summary>
    internal MqttClientOptions ToClientOptions(PacketTraceHandler? trace) => Properties.Connect.Apply(new MqttClientOptions
    {
        Version = Version,
        ClientId = ClientIdPrefix is not null ? $"{ClientIdPrefix}{Environment.ProcessId}" : ClientId ?? "",
        CleanStart = CleanSession,
        KeepAlive = KeepAlive,
        UserName = UserName,
        Password = Password is null ? default(ReadOnlyMemory<byte>?) : System.Text.Encoding.UTF8.GetBytes(Password),
        Will = WillTopic is null ? null : Properties.Will.Apply(MqttWill.Create(WillTopic, WillPayload ?? "", WillQoS, WillRetain)),
        SessionExpiryInterval = Version == ProtocolVersion.Mqtt50 && HasSessionExpiryInterval ? (uint)SessionExpiryInterval : 0,
        MaximumInflight = (ushort)Math.Clamp(MaximumInflight, 1, ushort.MaxValue),
        ManualAcknowledgement = true,
        Trace = trace,
    });
}
