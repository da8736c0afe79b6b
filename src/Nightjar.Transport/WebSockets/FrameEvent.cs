namespace Nightjar.Transport.WebSockets;

/// <summary>Why <see cref="FrameDecoder"/> stopped.</summary>
internal enum FrameEvent : byte
{
    /// <summary>What is there is decoded, but for the beginning of a header or of a control frame.</summary>
    NeedMoreData,

    /// <summary>The destination is full.</summary>
    DestinationFull,

    /// <summary>A Ping (RFC 6455 §5.5.2).</summary>
    Ping,

    /// <summary>A Close (RFC 6455 §5.5.1).</summary>
    Close,

    /// <summary>A frame that breaks RFC 6455.</summary>
    ProtocolError,

    /// <summary>A text frame [MQTT-6.0.0-1].</summary>
    UnsupportedData,
}
