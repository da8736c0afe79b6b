namespace Nightjar.Host.Verbs.Options;

/// <summary>The tools that connect to a broker; a value may name several.</summary>
[Flags]
internal enum ToolKind : byte
{
    /// <summary>nightjar pub, as mosquitto_pub.</summary>
    Pub = 1,

    /// <summary>nightjar sub, as mosquitto_sub.</summary>
    Sub = 2,

    /// <summary>nightjar rr, as mosquitto_rr.</summary>
    Rr = 4,

    /// <summary>nightjar ctrl, as mosquitto_ctrl.</summary>
    Ctrl = 8,

    /// <summary>The three that send and receive the user's messages.</summary>
    All = Pub | Sub | Rr,

    /// <summary>All of them.</summary>
    Every = All | Ctrl,
}
