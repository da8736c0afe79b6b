using System.Buffers;
using System.IO.Pipelines;
using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>The receive loop of one network connection: bytes to frames, frames to the dispatcher, one flush a batch.</summary>
internal sealed class LinkReceiver(ClientLink link)
{
    private readonly PacketDispatcher _dispatcher = new(link);
    private readonly int _maximumPacketSize = (int)Math.Min(link.Options.MaximumPacketSize, int.MaxValue);
    private byte[] _scratch = [];

    internal async Task RunAsync()
    {
        try
        {
            await ReceiveAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            var cause = new DisconnectCause(DisconnectKind.HandlerFailed, ReasonCode.ImplementationSpecificError) { Exception = exception };
            link.Close(cause, sendDisconnect: link.IsVersion5);
        }

        await link.FinishAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        PipeReader input = link.Connection.Input;
        while (true)
        {
            ReadResult result = await input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (!buffer.IsEmpty) link.KeepAlive.OnReceived();
            bool more = ProcessBatch(ref buffer);
            AuthenticationChallenge? challenge = _dispatcher.TakeChallenge();
            input.AdvanceTo(buffer.Start, challenge is null ? buffer.End : buffer.Start);
            link.CommitAndSend();
            if (!more || (result.IsCompleted && challenge is null)) return;
            if (challenge is not null && !await AnswerAsync(challenge).ConfigureAwait(false)) return;
        }
    }

    /// <summary>Handles every complete frame; leaves in <paramref name="buffer"/> what has to wait.</summary>
    private bool ProcessBatch(ref ReadOnlySequence<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            ReadStatus status = FrameReader.TryRead(buffer.FirstSpan, _maximumPacketSize, out Frame frame, out ProtocolError error);
            if (status == ReadStatus.NeedMoreData && !buffer.IsSingleSegment) status = TryReadSpanning(in buffer, out frame, out error);
            if (status == ReadStatus.NeedMoreData) return true;
            if (status == ReadStatus.Invalid)
            {
                link.Fail(in error);
                return false;
            }

            bool more = _dispatcher.Dispatch(in frame);
            buffer = buffer.Slice(frame.Length);
            if (!more) return false;
            if (_dispatcher.HasChallenge) return true;
        }

        return true;
    }

    private ReadStatus TryReadSpanning(scoped in ReadOnlySequence<byte> buffer, out Frame frame, out ProtocolError error)
    {
        frame = default;
        ReadStatus status = FrameReader.TryMeasure(in buffer, _maximumPacketSize, out int length, out error);
        if (status != ReadStatus.Complete) return status;
        if (_scratch.Length < length) _scratch = new byte[Math.Max(length, 4096)];
        buffer.Slice(0, length).CopyTo(_scratch);
        return FrameReader.TryRead(_scratch.AsSpan(0, length), _maximumPacketSize, out frame, out error);
    }

    private async ValueTask<bool> AnswerAsync(AuthenticationChallenge challenge)
    {
        ReadOnlyMemory<byte>? data = null;
        try
        {
            data = await link.Options.AuthenticationHandler!(challenge, link.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (link.Stopping.IsCancellationRequested)
        {
            return false;
        }

        if (data is null)
        {
            link.Close(new DisconnectCause(DisconnectKind.Requested, ReasonCode.NotAuthorized), sendDisconnect: true);
            return false;
        }

        lock (link.Gate)
        {
            if (link.IsClosed) return false;
            link.Encoder.WriteAuthLocked(ReasonCode.ContinueAuthentication, data.Value.Span);
        }

        link.CommitAndSend();
        return true;
    }
}
