namespace Nightjar.Transport.Epoll;

/// <summary>What <see cref="LoopTrial"/> asks for.</summary>
internal enum LoopTrialOutcome : byte
{
    /// <summary>Nothing is to be changed.</summary>
    None,

    /// <summary>Fewer loops are to be tried.</summary>
    Begin,

    /// <summary>Fewer do as much: it stays with them.</summary>
    Passed,

    /// <summary>Fewer do less: back to as many as before.</summary>
    Failed,
}
