using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>A received PUBLISH as a view of the receive buffer: valid during the handler call only.</summary>
public readonly ref struct ReceivedMessage
{
    /// <summary>Topic Name; an alias is already resolved.</summary>
    public ReadOnlySpan<byte> TopicName { get; init; }

    /// <summary>Payload.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Quality of Service it was sent with.</summary>
    public QualityOfService QoS { get; init; }

    /// <summary>RETAIN flag.</summary>
    public bool Retain { get; init; }

    /// <summary>DUP flag.</summary>
    public bool Dup { get; init; }

    /// <summary>Packet Identifier; 0 for QoS 0.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Properties; empty before 5.0.</summary>
    public PublishProperties Properties { get; init; }

    /// <summary>Copies everything, for use after the handler has returned.</summary>
    public MqttMessage ToMessage() => MqttMessage.From(this);
}

/// <summary>Takes received messages, one at a time and in order, on the connection's receive loop; the loop waits for its return.</summary>
/// <param name="client">The client that received it; publishing from here is allowed, waiting for an acknowledgement is not.</param>
/// <param name="message">The message, valid during the call.</param>
public delegate void ReceivedMessageHandler(MqttClient client, scoped in ReceivedMessage message);
