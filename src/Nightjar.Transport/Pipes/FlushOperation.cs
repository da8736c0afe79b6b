using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Nightjar.Transport.Pipes;

/// <summary>A flush that waits for the send queue to shrink; reused, one at a time. Its continuation runs on the thread pool, because the
/// sender must go on sending.</summary>
internal sealed class FlushOperation : IValueTaskSource<FlushResult>
{
    private ManualResetValueTaskSourceCore<FlushResult> _core = new() { RunContinuationsAsynchronously = true };

    internal ValueTask<FlushResult> Start()
    {
        _core.Reset();
        return new ValueTask<FlushResult>(this, _core.Version);
    }

    internal void Complete(FlushResult result) => _core.SetResult(result);

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
