namespace Nightjar.Protocol;

/// <summary>Retain Handling subscription option (§3.8.3.1): when retained messages are sent.</summary>
public enum RetainHandling : byte
{
    /// <summary>At every SUBSCRIBE [MQTT-3.3.1-9].</summary>
    SendAtSubscribe,

    /// <summary>Only if the subscription did not exist [MQTT-3.3.1-10].</summary>
    SendIfNew,

    /// <summary>Never [MQTT-3.3.1-11].</summary>
    DoNotSend,
}
