namespace Nightjar.Broker.Configuration;

/// <summary>What carries MQTT on a listener. mosquitto: protocol.</summary>
public enum ListenerProtocol : byte
{
    /// <summary>MQTT straight over the connection.</summary>
    Mqtt,

    /// <summary>MQTT in the binary frames of WebSocket (§6).</summary>
    WebSockets,
}
