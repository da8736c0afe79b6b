using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <content>Control packets to the client, and the acknowledgements that wait for the store.</content>
internal sealed partial class ClientConnection
{
    private PendingFrames? _pending;
    private long _holdTicket;

    // The store's thread will come: until then what is put behind needs no new request. Under the gate.
    private bool _isAwaiting;
    private bool _owesAnswer;

    /// <summary>A packet has had no answer, because the store took nothing: when it is back, the client is disconnected so that it sends again. Until
    /// then nothing of QoS 1 or 2 is taken from it.</summary>
    internal bool OwesAnswer => Volatile.Read(ref _owesAnswer);

    /// <summary>From here on the client is owed an answer. Without a gate.</summary>
    internal void OweAnswer()
    {
        // Either the store's recovery, which comes after its condition has changed, finds this connection, or this thread sees the change.
        Interlocked.Exchange(ref _owesAnswer, true);
        if (Core.Environment.Stores.Condition.HasRecovered) SettleAnswer();
    }

    /// <summary>The store is back: the client sends again what was not acknowledged, on a new connection. Any thread.</summary>
    internal void SettleAnswer() =>
        Close(DisconnectCause.StoreRecovered, ReasonCode.ImplementationSpecificError, null, "the store is back: send again what was not acknowledged");

    /// <summary>PUBACKs that wait for the store: they count against the client's Receive Maximum. Read loop only sees it grow under the gate.</summary>
    internal int PendingPubAcks => (Volatile.Read(ref _pending)?.PubAckCount ?? 0) + (_context?.Answers.WaitingPubAcks ?? 0);

    /// <summary>Acknowledges a packet; the acknowledgement leaves when its ticket is durable, in order with others of its type [MQTT-4.6.0-2].</summary>
    internal void Acknowledge(PacketType type, ushort packetId, ReasonCode reasonCode, long ticket, BatchContext context)
    {
        if (ticket != IMessageStore.Refused && TryGather(type, packetId, reasonCode, ticket == 0 || Core.Durability.IsDurable(ticket) ? 0 : ticket, context)) return;
        Span<byte> frame = stackalloc byte[AcknowledgementWriter.MaximumBareLength];
        var length = AcknowledgementWriter.Write(frame, type, packetId, Version, reasonCode);
        Write(frame[..length], ticket, context);
    }

    /// <summary>Refuses a PUBLISH at a limit of the broker, with a word why where the client may be told [MQTT-3.4.2-2], [MQTT-3.5.2-2].</summary>
    internal void Refuse(PacketType type, ushort packetId, ReasonCode reasonCode, ReadOnlySpan<byte> reasonString, BatchContext context)
    {
        var length = AcknowledgementWriter.Measure(Version, reasonCode, reasonString, default);
        if (!MayExplain(length))
        {
            Acknowledge(type, packetId, reasonCode, 0, context);
            return;
        }

        var scratch = context.EnsureScratch(length);
        Write(scratch.AsSpan(0, AcknowledgementWriter.Write(scratch, type, packetId, Version, reasonCode, reasonString, default)), 0, context);
    }

    /// <summary>Whether a packet of a length may carry a reason string: the client wants problem information [MQTT-3.1.2-29] and takes packets of that length.</summary>
    internal bool MayExplain(int length) => IsVersion5 && SendsProblemInformation && (uint)length <= Link.MaximumPacketSize;

    /// <summary>Writes a whole control packet when its ticket is durable, behind those of its type that wait for the store.</summary>
    internal void Write(ReadOnlySpan<byte> frame, long ticket, BatchContext context)
    {
        if (!Fits(frame)) return;
        if (ticket == IMessageStore.Refused)
        {
            context.Leave();
            OweAnswer();
            return;
        }

        bool asks;
        WriteAnswers(context);
        lock (Link.Gate)
        {
            if (Link.IsClosed) return;
            asks = WriteOrWait(frame, ticket, Core.Durability.Durable, context);
        }

        if (asks) Core.Durability.Await(this, ticket);
    }

    /// <summary>Writes a control packet that waits for nothing: PINGRESP, AUTH. Of the reading loop.</summary>
    internal void WriteNow(ReadOnlySpan<byte> frame, BatchContext context)
    {
        if (!Fits(frame)) return;
        WriteAnswers(context);
        var gate = Link.EnterGate();
        try
        {
            if (!Link.IsClosed) WriteLocked(frame, context);
        }
        finally
        {
            gate.Exit();
        }
    }

    /// <summary>The store is durable up to a ticket: writes the acknowledgements it covers.</summary>
    /// <returns>True when nothing waits any more.</returns>
    internal bool ReleaseDurable(long durable)
    {
        var context = BatchContext.Begin();
        bool done;
        lock (Link.Gate)
        {
            if (_holdTicket != 0 && _holdTicket <= durable)
            {
                _holdTicket = 0;
                Link.IsHeld = false;
                if (!Link.IsClosed && Link.MarkTouched()) context.Touch(Link);
            }

            while (_pending is not null && _pending.TryDequeue(durable, out var pending))
            {
                if (!Link.IsClosed) WriteLocked(pending.Frame, context);
            }

            var session = Session is { } attached && ReferenceEquals(attached.Link, Link) ? attached : null;
            session?.SendPromised(durable, context);
            done = _holdTicket == 0 && _pending is not { Count: > 0 } && session is not { PromisedTicket: > 0 };
            _isAwaiting &= !done;
        }

        context.End(Core.Environment.Counters);
        return done;
    }

    /// <summary>Has what waits for a ticket go on when it is durable. Without a gate: the release takes those of others that wait.</summary>
    public void Await(long ticket)
    {
        if (ticket == IMessageStore.Refused) OweAnswer();
        Core.Durability.Await(this, ticket);
    }

    // A CONNACK that waited in vain still has its block: after the end of the transport, to commit is to give it back. Also when the store came
    // that far meanwhile, because a release does not flush what is closed.
    private void GiveUpHeld()
    {
        var gate = Link.EnterGate();
        try
        {
            Link.Output.Commit();
        }
        finally
        {
            gate.Exit();
        }
    }

    // Keeps CONNACK and everything behind it back until a ticket is durable. Under the gate; the flush has it awaited.
    private void HoldUntil(long ticket)
    {
        if (ticket == 0 || Core.Durability.IsDurable(ticket)) return;
        _holdTicket = ticket;
        Link.IsHeld = true;
        Link.MustAwait(ticket);
    }

    // Only a PUBLISH may be left out [MQTT-3.1.2-25]: a client that cannot take an answer it waits for is told so [MQTT-3.1.2-24].
    private bool Fits(ReadOnlySpan<byte> frame)
    {
        if ((uint)frame.Length <= Link.MaximumPacketSize) return true;
        Close(DisconnectCause.PacketTooLarge, ReasonCode.PacketTooLarge, "answer larger than the client's Maximum Packet Size");
        return false;
    }

    // Returns whether the connection has to ask to be released. Under the gate.
    private bool WriteOrWait(ReadOnlySpan<byte> frame, long ticket, long durable, BatchContext context)
    {
        if (ticket <= durable && _pending?.Holds(PendingFrames.TypeOf(frame)) != true)
        {
            WriteLocked(frame, context);
            return false;
        }

        if (_pending is null) Volatile.Write(ref _pending, new PendingFrames());
        _pending.Enqueue(ticket, frame);
        if (_isAwaiting) return false;
        _isAwaiting = true;
        return true;
    }

    private void WriteLocked(ReadOnlySpan<byte> frame, BatchContext context)
    {
        frame.CopyTo(Link.Output.GetSpan(frame.Length));
        Link.Output.Advance(frame.Length);
        CountSent(frame, context);
        if (Link.MarkTouched()) context.Touch(Link);
    }

    private static void CountSent(ReadOnlySpan<byte> frame, BatchContext context)
    {
        context.Counters.PacketsSent++;
        context.Counters.SentByType[frame[0] >> 4]++;
        context.Counters.BytesSent += frame.Length;
    }

    // Properties that do not fit into the client's Maximum Packet Size are left out [MQTT-3.14.2-3].
    private void WriteDisconnect(ReasonCode reasonCode, string? reasonString)
    {
        var text = reasonString is null ? [] : System.Text.Encoding.UTF8.GetBytes(reasonString);
        var writer = new DisconnectWriter { Version = Version, ReasonCode = reasonCode, ReasonString = text };
        if ((uint)writer.Measure() > Link.MaximumPacketSize) writer = new DisconnectWriter { Version = Version, ReasonCode = reasonCode };
        if ((uint)writer.Measure() > Link.MaximumPacketSize) return;
        var length = writer.Write(Link.Output.GetSpan(writer.Measure()));
        Link.Output.Advance(length);
        Core.Environment.Counters.AddSent(PacketType.Disconnect, length);
    }
}
