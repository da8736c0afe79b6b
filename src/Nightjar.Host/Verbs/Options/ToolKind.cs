namespace Nightjar.Host.Verbs.Options;

/// <summary>The three client tools; a value may name several.</summary>
[Flags]
internal enum ToolKind : byte
{
    /// <summary>nightjar pub, as mosquitto_pub.</summary>
    Pub = 1,

    /// <summary>nightjar sub, as mosquitto_sub.</summary>
    Sub = 2,

    /// <summary>nightjar rr, as mosquitto_rr.</summary>
    Rr = 4,

    /// <summary>All of them.</summary>
    All = Pub | Sub | Rr,
}
