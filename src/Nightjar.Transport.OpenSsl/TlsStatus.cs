namespace Nightjar.Transport.OpenSsl;

/// <summary>What a step of a channel came to.</summary>
internal enum TlsStatus : byte
{
    /// <summary>It did what it was to do.</summary>
    Done,

    /// <summary>It consumed all there was and needs more of what the peer sends.</summary>
    NeedMoreData,

    /// <summary>The peer has ended its stream in order (close_notify).</summary>
    Ended,

    /// <summary>The protocol was broken; nothing works any more.</summary>
    Failed,
}
