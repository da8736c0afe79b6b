using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <content>Control packets to the client, and the acknowledgements that wait for the store.</content>
internal sealed partial class ClientConnection
{
    private Queue<PendingFrame>? _pending;
    private int _pendingPubAcks;

    // The store's thread will come: until then what is put behind needs no new request. Under the gate.
    private bool _isAwaiting;
    private bool _owesAnswer;

    /// <summary>A PUBLISH has had no answer, because the store took nothing: when it is back, the client is disconnected so that it sends again.</summary>
    internal bool OwesAnswer
    {
        get => Volatile.Read(ref _owesAnswer);
        set => Volatile.Write(ref _owesAnswer, value);
    }

    /// <summary>PUBACKs that wait for the store: they count against the client's Receive Maximum. Read loop only sees it grow under the gate.</summary>
    internal int PendingPubAcks => Volatile.Read(ref _pendingPubAcks);

    /// <summary>Acknowledges a packet; the acknowledgement leaves when its ticket is durable, in order [MQTT-4.6.0-2].</summary>
    internal void Acknowledge(PacketType type, ushort packetId, ReasonCode reasonCode, long ticket, BatchContext context)
    {
        Span<byte> frame = stackalloc byte[AcknowledgementWriter.MaximumBareLength];
        var length = AcknowledgementWriter.Write(frame, type, packetId, Version, reasonCode);
        Write(frame[..length], ticket, context, type);
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
        Write(scratch.AsSpan(0, AcknowledgementWriter.Write(scratch, type, packetId, Version, reasonCode, reasonString, default)), 0, context, type);
    }

    /// <summary>Whether a packet of a length may carry a reason string: the client wants problem information [MQTT-3.1.2-29] and takes packets of that length.</summary>
    internal bool MayExplain(int length) => IsVersion5 && SendsProblemInformation && (uint)length <= Link.MaximumPacketSize;

    /// <summary>Writes a whole control packet, behind everything that waits for the store.</summary>
    internal void Write(ReadOnlySpan<byte> frame, long ticket, BatchContext context, PacketType type = PacketType.Reserved)
    {
        if (!Fits(frame)) return;
        if (ticket == IMessageStore.Refused)
        {
            OwesAnswer = true;
            return;
        }

        var wait = false;
        lock (Link.Gate)
        {
            if (Link.IsClosed) return;
            if (_pending is { Count: > 0 } || (ticket != 0 && !Core.Durability.IsDurable(ticket)))
            {
                (_pending ??= new Queue<PendingFrame>()).Enqueue(new PendingFrame(ticket, frame, type));
                if (type == PacketType.PubAck) _pendingPubAcks++;
                wait = !_isAwaiting;
                _isAwaiting = true;
            }
            else
            {
                WriteLocked(frame, context);
            }
        }

        if (wait) Core.Durability.Await(this, ticket);
    }

    /// <summary>Writes a control packet that waits for nothing: PINGRESP, AUTH.</summary>
    internal void WriteNow(ReadOnlySpan<byte> frame, BatchContext context)
    {
        if (!Fits(frame)) return;
        var gate = Link.EnterGate();
        try
        {
            if (!Link.IsClosed) WriteLocked(frame, context);
        }
        finally
        {
            Monitor.Exit(gate);
        }
    }

    /// <summary>The store is durable up to a ticket: writes the acknowledgements it covers.</summary>
    /// <returns>True when nothing waits any more.</returns>
    internal bool ReleaseDurable(long durable)
    {
        var context = BatchContext.Begin();
        bool done, send = false, more = false;
        lock (Link.Gate)
        {
            var isReleased = _holdTicket != 0 && _holdTicket <= durable;
            if (isReleased)
            {
                _holdTicket = 0;
                Link.IsHeld = Link.IsSealed = false;
            }

            while (_pending is { Count: > 0 } && _pending.Peek().Ticket <= durable)
            {
                var pending = _pending.Dequeue();
                if (pending.Type == PacketType.PubAck) _pendingPubAcks--;
                if (!Link.IsClosed) WriteLocked(pending.Frame, context);
            }

            if (isReleased && !Link.IsClosed) send = GoOnLocked(context, out more);
            done = _holdTicket == 0 && _pending is not { Count: > 0 };
            _isAwaiting &= !done;
        }

        if (send) Link.Output.Send();
        context.End(Core.Environment.Counters);
        if (more) Resume();
        return done;
    }

    // What was held, and the answers that waited with it, leave before the session goes on: its next QoS 2 messages hold again.
    private bool GoOnLocked(BatchContext context, out bool more)
    {
        if (Link.MarkTouched()) context.Touch(Link);
        var send = Link.Output.Commit();
        more = Session is { } session && ReferenceEquals(session.Link, Link) && session.Pump(context);
        return send;
    }

    /// <summary>Has what is held back released when the store is that far. Without a gate: the release takes those of others that wait.</summary>
    public void AwaitHeld()
    {
        var ticket = Volatile.Read(ref _holdTicket);
        if (ticket != 0) Core.Durability.Await(this, ticket);
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
            Monitor.Exit(gate);
        }
    }

    /// <summary>Keeps everything for the client back until a ticket is durable. Under the gate; <see cref="AwaitHeld"/> follows when it is left.</summary>
    public void HoldUntil(long ticket)
    {
        if (ticket == 0 || Core.Durability.IsDurable(ticket)) return;
        if (ticket == IMessageStore.Refused) OwesAnswer = true;
        _holdTicket = Math.Max(_holdTicket, ticket);
        Link.IsHeld = true;
    }

    private long _holdTicket;

    // Only a PUBLISH may be left out [MQTT-3.1.2-25]: a client that cannot take an answer it waits for is told so [MQTT-3.1.2-24].
    private bool Fits(ReadOnlySpan<byte> frame)
    {
        if ((uint)frame.Length <= Link.MaximumPacketSize) return true;
        Close(DisconnectCause.PacketTooLarge, ReasonCode.PacketTooLarge, "answer larger than the client's Maximum Packet Size");
        return false;
    }

    private void WriteLocked(ReadOnlySpan<byte> frame, BatchContext context)
    {
        frame.CopyTo(Link.Output.GetSpan(frame.Length));
        Link.Output.Advance(frame.Length);
        context.Counters.PacketsSent++;
        context.Counters.SentByType[frame[0] >> 4]++;
        context.Counters.BytesSent += frame.Length;
        if (Link.MarkTouched()) context.Touch(Link);
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

    // Nearly all of them are acknowledgements of a few bytes, which lie in the place itself: one for each message must not be garbage.
    private readonly struct PendingFrame
    {
        private readonly ulong _small;
        private readonly int _length;
        private readonly byte[]? _large;

        internal PendingFrame(long ticket, ReadOnlySpan<byte> frame, PacketType type)
        {
            Ticket = ticket;
            Type = type;
            _length = frame.Length;
            if (frame.Length > sizeof(ulong)) _large = frame.ToArray();
            else frame.CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref _small)));
        }

        internal long Ticket { get; }

        internal PacketType Type { get; }

        /// <summary>The packet; valid as long as the place it is asked of.</summary>
        [UnscopedRef]
        internal ReadOnlySpan<byte> Frame => _large ?? MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in _small))[.._length];
    }
}
