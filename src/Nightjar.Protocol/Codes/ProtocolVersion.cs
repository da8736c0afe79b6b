namespace Nightjar.Protocol;

/// <summary>Protocol Version (§3.1.2.2), numbered as the Protocol Level byte of CONNECT.</summary>
public enum ProtocolVersion : byte
{
    /// <summary>Not known: no CONNECT was understood far enough.</summary>
    None = 0,

    /// <summary>MQTT 3.1, protocol name MQIsdp.</summary>
    Mqtt31 = 3,

    /// <summary>MQTT 3.1.1, protocol name MQTT.</summary>
    Mqtt311 = 4,

    /// <summary>MQTT 5.0, protocol name MQTT.</summary>
    Mqtt50 = 5,
}
