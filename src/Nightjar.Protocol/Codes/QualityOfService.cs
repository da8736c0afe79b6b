namespace Nightjar.Protocol;

/// <summary>Quality of Service level (§4.3).</summary>
public enum QualityOfService : byte
{
    /// <summary>QoS 0.</summary>
    AtMostOnce,

    /// <summary>QoS 1.</summary>
    AtLeastOnce,

    /// <summary>QoS 2.</summary>
    ExactlyOnce,
}
