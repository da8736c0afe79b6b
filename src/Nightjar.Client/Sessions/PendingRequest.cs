using Nightjar.Protocol;

namespace Nightjar.Client.Sessions;

/// <summary>A SUBSCRIBE or UNSUBSCRIBE that waits for its answer. It does not survive the network connection.</summary>
internal sealed class PendingRequest(PacketType answer, int count)
{
    private readonly TaskCompletionSource<SubscribeResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>SubAck or UnsubAck.</summary>
    internal PacketType Answer { get; } = answer;

    /// <summary>Number of filters asked for, which is the number of codes expected.</summary>
    internal int Count { get; } = count;

    internal Task<SubscribeResult> Completion => _completion.Task;

    internal void Complete(SubscribeResult result) => _completion.TrySetResult(result);
}
