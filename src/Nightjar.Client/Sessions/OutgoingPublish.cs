namespace Nightjar.Client.Sessions;

/// <summary>How far the delivery of an outgoing QoS 1 or 2 message has come (§4.3).</summary>
internal enum DeliveryState : byte
{
    /// <summary>Waits for send quota; has no packet id.</summary>
    Waiting,

    /// <summary>PUBLISH sent; waits for PUBACK or PUBREC.</summary>
    Published,

    /// <summary>PUBREL sent; waits for PUBCOMP.</summary>
    Released,
}

/// <summary>One outgoing QoS 1 or 2 message until it is acknowledged. Guarded by the client's gate.</summary>
internal sealed class OutgoingPublish(MqttPublish message)
{
    private readonly TaskCompletionSource<PublishResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal MqttPublish Message { get; private set; } = message;

    internal ushort PacketId { get; set; }

    internal DeliveryState State { get; set; }

    /// <summary>Order of the last state change: PUBLISH and PUBREL are sent again in the order of the first time [MQTT-4.6.0-1, -4].</summary>
    internal long Sequence { get; set; }

    /// <summary>PUBREL was sent again on resume: the server may have finished with the first one, so that PUBCOMP 0x92 is no error (§3.7.2.1).</summary>
    internal bool IsReleaseRepeated { get; set; }

    internal Task<PublishResult> Completion => _completion.Task;

    internal void Complete(PublishResult result) => _completion.TrySetResult(result);

    /// <summary>Completes the caller's wait while the message stays: from here on its memory is our own.</summary>
    internal void Detach()
    {
        if (_completion.Task.IsCompleted) return;
        Message = Message.Own();
        Complete(new PublishResult(PublishOutcome.ConnectionLost));
    }
}
