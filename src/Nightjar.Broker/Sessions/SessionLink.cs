using Nightjar.Broker.Messages;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// The sending half of one client connection: what a session needs to know to write to its client. Replaced with every connection; the
/// connection that owns it outlives no link and no session.
/// </summary>
/// <remarks>Everything here is written and the output filled under <see cref="Gate"/>. Lock order: gate, then nothing of another session.</remarks>
internal sealed class SessionLink
{
    private bool _touched;
    private long _awaited;
    private long _backlog;

    internal SessionLink(OutputPipeWriter output, Lock gate, ILinkOwner owner)
    {
        Output = output;
        Gate = gate;
        Owner = owner;
    }

    /// <summary>The lock of the output's fill side: that of the session it is attached to, and before that one of its own.</summary>
    internal Lock Gate { get; set; }

    internal OutputPipeWriter Output { get; }

    /// <summary>What is behind <see cref="Output"/>, which a send needs; null in tests of a link alone.</summary>
    internal object? Transport { get; init; }

    /// <summary>Where unsent output is counted; null in tests of a link alone.</summary>
    internal MemoryAccount? Memory { get; init; }

    /// <summary>What is taken off every topic towards the client; null for nothing. A message that is not below it is none of the client's.</summary>
    internal byte[]? MountPrefix { get; init; }

    /// <summary>Bytes that were left unsent when this was last looked at: zero for a client that keeps up.</summary>
    internal long Backlog => Volatile.Read(ref _backlog);

    /// <summary>The connection, for those who must close it.</summary>
    internal ILinkOwner Owner { get; }

    internal ProtocolVersion Version { get; set; } = ProtocolVersion.Mqtt311;

    internal bool IsVersion5 => Version == ProtocolVersion.Mqtt50;

    /// <summary>The client's Maximum Packet Size [MQTT-3.1.2-24].</summary>
    internal uint MaximumPacketSize { get; set; } = uint.MaxValue;

    /// <summary>The client's Receive Maximum [MQTT-3.3.4-9]; the broker's own limit comes on top.</summary>
    internal int ReceiveMaximum { get; set; } = 65_535;

    internal OutboundAliases? Aliases { get; set; }

    /// <summary>No more may be written: DISCONNECT was, or the connection is gone [MQTT-3.14.4-1].</summary>
    internal bool IsClosed { get; set; }

    /// <summary>CONNACK, and what is written behind it, stays here until the store has the session. Under the gate.</summary>
    internal bool IsHeld { get; set; }


    /// <summary>The session has more to send and stopped because the output was full; it goes on when the output has drained. Under the gate.</summary>
    internal bool IsStalled { get; set; }

    /// <summary>Marks the link as written to; true when the caller has to remember it for the flush. Under the gate.</summary>
    internal bool MarkTouched()
    {
        if (_touched) return false;
        _touched = true;
        return true;
    }

    /// <summary>Has the flush tell the connection of a ticket of the store that something for the client waits for. Under the gate; the caller marks the link as touched.</summary>
    internal void MustAwait(long ticket)
    {
        if (_awaited == 0 || ticket < _awaited) _awaited = ticket;
    }

    /// <summary>Sends what was written. Takes the gate for the hand-over only, not for the system call.</summary>
    internal void Flush()
    {
        var gate = EnterGate();
        bool send;
        bool stalled;
        long awaited;
        try
        {
            _touched = false;
            awaited = _awaited;
            _awaited = 0;
            send = !IsHeld && Output.Commit();
            stalled = IsStalled;
        }
        finally
        {
            gate.Exit();
        }

        if (send) Output.Send();
        if (awaited != 0) Owner.Await(awaited);
        AccountOutput();
        // Everything went out at once, so the transport will not tell of having drained.
        if (stalled && Output.UnsentBytes == 0) Owner.Resume();
    }

    /// <summary>Counts what is about to be written as unsent, before the flush does: others of the same batch see it.</summary>
    internal void Reserve(long bytes)
    {
        Interlocked.Add(ref _backlog, bytes);
        Memory?.Add(bytes);
    }

    /// <summary>Has the account know what is unsent now. Without the gate.</summary>
    internal void AccountOutput()
    {
        var unsent = Output.UnsentBytes;
        // Who comes last has looked last: a value that is old when it is written is looked at again.
        while (unsent != Volatile.Read(ref _backlog))
        {
            Memory?.Add(unsent - Interlocked.Exchange(ref _backlog, unsent));
            unsent = Output.UnsentBytes;
        }
    }

    /// <summary>Enters the gate for callers that may meet the moment in which the link is attached to its session and the gate changes.</summary>
    /// <returns>What to leave with <see cref="Lock.Exit"/>.</returns>
    internal Lock EnterGate()
    {
        while (true)
        {
            var gate = Gate;
            gate.Enter();
            if (gate == Gate) return gate;
            gate.Exit();
        }
    }

    /// <summary>Whether so many bytes of a message that is kept, or goes to several, are sent from where they lie.</summary>
    internal bool SendsInPlace(int size) => size >= PublishedMessage.LeastInPlace && Output.SendsInPlace;

    /// <summary>Encodes a PUBLISH into the output. Under the gate.</summary>
    /// <returns>False when it is larger than the client accepts: it is dropped as if delivered [MQTT-3.1.2-25]; or not below its mount point.</returns>
    internal bool TryWritePublish(ref Publication publication, scoped in PublishHeader header, BatchContext context)
    {
        var version5 = IsVersion5;
        if (MountPrefix is not null) return TryWriteMounted(ref publication, header, context, version5, MountPrefix);
        if ((publication.FansOut || IsKeptInPlace(ref publication)) && !header.Dup && header.SubscriptionIdentifier == 0 && header.SubscriptionIdentifiers is null && Aliases is null)
            return TryWriteTemplate(ref publication, header, context, version5);

        return TryWriteDirect(ref publication, header, context, version5, publication.TopicName);
    }

    /// <summary>Writes all messages of a run, if they are the same bytes for this client as for others. Under the gate.</summary>
    /// <returns>False: they have to be looked at one by one.</returns>
    internal bool TryWrite(MessageRun run, BatchContext context)
    {
        if (MountPrefix is not null || Aliases is not null || (uint)run.LongestFrame > MaximumPacketSize) return false;
        var frames = run.Frames(Version);
        context.Counters.PacketsSent += run.Count;
        context.Counters.PublishSent += run.Count;
        context.Counters.PublishBytesSent += run.PayloadLength;
        context.Counters.BytesSent += frames.Length;
        // What is left of a block is filled first.
        var destination = Output.GetSpan(1);
        if (destination.Length < frames.Length)
        {
            var fitting = frames[..destination.Length];
            fitting.CopyTo(destination);
            Output.Advance(fitting.Length);
            frames = frames[fitting.Length..];
            destination = Output.GetSpan(frames.Length);
        }

        frames.CopyTo(destination);
        Output.Advance(frames.Length);
        return true;
    }

    private bool TryWriteMounted(ref Publication publication, scoped in PublishHeader header, BatchContext context, bool version5, byte[] prefix)
    {
        var topicName = publication.TopicName;
        return topicName.Length > prefix.Length && topicName.StartsWith(prefix)
            && TryWriteDirect(ref publication, header, context, version5, topicName[prefix.Length..]);
    }

    private bool TryWriteTemplate(ref Publication publication, scoped in PublishHeader header, BatchContext context, bool version5)
    {
        // Of a message with one receiver nothing was encoded before.
        if (!publication.FansOut) context.Templates.Reset();
        var inPlace = SendsInPlace(publication.Payload.Length);
        var payloadLength = publication.Payload.Length;
        var frame = context.Templates.Get(ref publication, version5, inPlace, header.QoS, header.Retain, header.ExpiryInterval, out var packetIdOffset);
        var length = inPlace ? frame.Length + payloadLength : frame.Length;
        if ((uint)length > MaximumPacketSize) return false;
        var destination = Output.GetSpan(frame.Length);
        frame.CopyTo(destination);
        if (packetIdOffset > 0)
        {
            destination[packetIdOffset] = (byte)(header.PacketId >> 8);
            destination[packetIdOffset + 1] = (byte)header.PacketId;
        }

        Output.Advance(frame.Length);
        if (inPlace)
        {
            publication.Keep().AppendPayloadTo(Output);
            context.CountInPlace(ref publication);
        }

        Count(context, length, payloadLength);
        return true;
    }

    private bool IsKeptInPlace(ref Publication publication) => publication.Payload.Length >= PublishedMessage.LeastInPlace && publication.IsKept && Output.SendsInPlace;

    private bool TryWriteDirect(
        ref Publication publication, scoped in PublishHeader header, BatchContext context, bool version5, ReadOnlySpan<byte> topicName)
    {
        var single = header.SubscriptionIdentifier;
        var identifiers = header.SubscriptionIdentifiers is { } several
            ? several.AsSpan()
            : single != 0 ? new ReadOnlySpan<uint>(in single) : default;
        ushort alias = 0;
        var newAlias = false;
        if (version5 && Aliases is not null) alias = Aliases.Get(topicName, out newAlias);
        var writer = new PublishWriter
        {
            Version = Version,
            Dup = header.Dup,
            QoS = header.QoS,
            Retain = header.Retain,
            TopicName = alias != 0 && !newAlias ? default : topicName,
            PacketId = header.PacketId,
            TopicAlias = alias,
            HasMessageExpiryInterval = version5 && publication.ExpiresAt != long.MaxValue,
            MessageExpiryInterval = header.ExpiryInterval,
            SubscriptionIdentifiers = version5 ? identifiers : default,
            ForwardableProperties = version5 ? publication.Properties : default,
            Payload = publication.Payload,
        };
        var length = writer.Measure();
        if ((uint)length > MaximumPacketSize)
        {
            if (newAlias) Aliases!.TakeBack();
            return false;
        }

        Output.Advance(writer.Write(Output.GetSpan(length)));
        Count(context, length, publication.Payload.Length);
        return true;
    }

    private static void Count(BatchContext context, int length, int payloadLength)
    {
        context.Counters.PacketsSent++;
        context.Counters.BytesSent += length;
        context.Counters.PublishSent++;
        context.Counters.PublishBytesSent += payloadLength;
    }
}
