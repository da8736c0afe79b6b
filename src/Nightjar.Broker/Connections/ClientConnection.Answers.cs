using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <content>Acknowledgements that wait for nothing leave together at the end of the batch.</content>
internal sealed partial class ClientConnection
{
    // Of the batch under way; null outside of one. Under the batch's lock.
    private BatchContext? _context;

    // False: it has to be written now.
    private bool TryGather(PacketType type, ushort packetId, ReasonCode reasonCode, BatchContext context)
    {
        if (_context is null || Link.MaximumPacketSize < AcknowledgementWriter.MaximumBareLength) return false;
        var answers = context.Answers;
        if (!answers.HasRoom) WriteAnswers(context);
        answers.Add(type, packetId, Version, reasonCode);
        return true;
    }

    /// <summary>Writes what was gathered: before anything else that has to stand behind it, and at the end of the batch.</summary>
    private void WriteAnswers(BatchContext context)
    {
        context.Leave();
        if (!ReferenceEquals(_context, context)) return;
        var frames = context.Answers.Frames;
        if (frames.IsEmpty) return;
        lock (Link.Gate)
        {
            if (!Link.IsClosed)
            {
                // Behind what waits for the store are answers of its types only; they leave with it, and nobody has to be asked for that.
                var mayWait = _pending is { Count: > 0 };
                if (!mayWait)
                {
                    frames.CopyTo(Link.Output.GetSpan(frames.Length));
                    Link.Output.Advance(frames.Length);
                }

                while (!frames.IsEmpty)
                {
                    var frame = frames[..(2 + frames[1])];
                    frames = frames[frame.Length..];
                    if (!mayWait)
                    {
                        CountSent(frame, context);
                    }
                    else if (_pending!.Holds(PendingFrames.TypeOf(frame)))
                    {
                        _pending.Enqueue(0, frame);
                    }
                    else
                    {
                        WriteLocked(frame, context);
                    }
                }

                if (!mayWait && Link.MarkTouched()) context.Touch(Link);
            }
        }

        context.Answers.Clear();
    }

    // What was answered before the end of the connection is said before it, if the end comes from the batch itself.
    private void WriteAnswersBeforeEnd()
    {
        if (_batch.IsHeldByCurrentThread && _context is { } context) WriteAnswers(context);
    }
}
