using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <content>Acknowledgements leave together at the end of the batch, or wait for the store together from there on.</content>
internal sealed partial class ClientConnection
{
    // Of the batch under way; null outside of one. Under the batch's lock.
    private BatchContext? _context;

    // False: it has to be written now.
    private bool TryGather(PacketType type, ushort packetId, ReasonCode reasonCode, long ticket, BatchContext context)
    {
        if (_context is null || Link.MaximumPacketSize < AcknowledgementWriter.MaximumBareLength) return false;
        var answers = context.Answers;
        if (!answers.HasRoom) WriteAnswers(context);
        answers.Add(type, packetId, Version, reasonCode, ticket);
        return true;
    }

    /// <summary>Writes what was gathered, or has it wait for the store: before anything else that has to stand behind it, and at the end of the batch.</summary>
    private void WriteAnswers(BatchContext context)
    {
        context.Leave();
        if (!ReferenceEquals(_context, context)) return;
        var answers = context.Answers;
        if (answers.Frames.IsEmpty) return;
        long awaited;
        lock (Link.Gate) awaited = Link.IsClosed ? 0 : WriteLocked(answers, context);
        answers.Clear();
        if (awaited != 0) Core.Durability.Await(this, awaited);
    }

    // Returns a ticket that the connection is to be released at; 0 when it waits for none, or will be released already.
    private long WriteLocked(AnswerBuffer answers, BatchContext context)
    {
        var durable = Core.Durability.Durable;
        if (answers.NewestTicket > durable || _pending is { Count: > 0 }) return WriteOrWait(answers, durable, context);
        var frames = answers.Frames;
        frames.CopyTo(Link.Output.GetSpan(frames.Length));
        Link.Output.Advance(frames.Length);
        if (Link.MarkTouched()) context.Touch(Link);
        context.Counters.PacketsSent += answers.Count;
        context.Counters.BytesSent += frames.Length;
        if (answers.Type != PacketType.Reserved)
        {
            context.Counters.SentByType[(int)answers.Type] += answers.Count;
            return 0;
        }

        for (; !frames.IsEmpty; frames = frames[(2 + frames[1])..]) context.Counters.SentByType[frames[0] >> 4]++;
        return 0;
    }

    private long WriteOrWait(AnswerBuffer answers, long durable, BatchContext context)
    {
        var frames = answers.Frames;
        long awaited = 0;
        for (var i = 0; i < answers.Count; i++)
        {
            var frame = frames[..(2 + frames[1])];
            frames = frames[frame.Length..];
            var ticket = answers.NewestTicket == 0 ? 0 : answers.Tickets[i];
            if (WriteOrWait(frame, ticket, durable, context)) awaited = ticket;
        }

        return awaited;
    }

    // What was answered before the end of the connection is said before it, if the end comes from the batch itself.
    private void WriteAnswersBeforeEnd()
    {
        if (_batch.IsHeldByCurrentThread && _context is { } context) WriteAnswers(context);
    }
}
