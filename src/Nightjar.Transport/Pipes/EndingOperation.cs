namespace Nightjar.Transport.Pipes;

/// <summary>What the end of a connection waits for on its input; made only when it has to wait.</summary>
internal sealed class EndingOperation
{
    // Receives of what a peer may still send after our end of the stream before it is cut off; 1 MiB.
    private const int MaximumDiscards = 16;

    private readonly TaskCompletionSource _receiveEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _discarded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[]? _discardBuffer;

    internal Task WhenReceiveEnded => _receiveEnded.Task;

    internal Task WhenDiscarded => _discarded.Task;

    /// <summary>Where a pending receive puts what is thrown away.</summary>
    internal byte[] DiscardBuffer => _discardBuffer ??= new byte[256];

    internal int DiscardsLeft { get; set; } = MaximumDiscards;

    internal void ReceiveEnded() => _receiveEnded.TrySetResult();

    internal void Discarded() => _discarded.TrySetResult();
}
