using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Waits before each read for as long as what was consumed before should have taken.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source owns no timer and no handle.")]
internal sealed class ThrottledPipeReader(PipeReader inner, int bytesPerSecond) : PipeReader
{
    private readonly CancellationTokenSource _stopping = new();
    private ReadOnlySequence<byte> _buffer;
    private long _consumed;

    /// <summary>Reads go through at once from here on; a waiting one too. Any thread.</summary>
    internal void StopThrottling() => _stopping.Cancel();

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_consumed > 0 && !_stopping.IsCancellationRequested)
        {
            TimeSpan pause = TimeSpan.FromSeconds((double)_consumed / bytesPerSecond);
            _consumed = 0;
            await Task.Delay(pause, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ReadResult result = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
        _buffer = result.Buffer;
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        bool read = inner.TryRead(out result);
        _buffer = result.Buffer;
        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _consumed += _buffer.Slice(0, consumed).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
