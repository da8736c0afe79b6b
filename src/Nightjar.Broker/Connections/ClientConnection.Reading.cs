using System.Buffers;
using System.IO.Pipelines;
using Nightjar.Broker.Connections.Handlers;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Connections;

/// <content>From bytes to handled frames.</content>
internal sealed partial class ClientConnection
{
    // By how much a PUBLISH may become longer on its way to a subscriber: the topic that an alias stands for, subscription identifiers.
    private const int MostGrowth = 128 * 1024;

    // Null for who has never found a receiver's gate taken.
    private ReceiverCompany? _company;

    // Where the last message went, and who was the only one to get it: mostly the next one does too.
    private Route? _expectedRoute;
    private Session? _expectedReceiver;

    // The last read brought the end of the stream.
    private bool _wasLastRead;

    // Among the packets of the batch are some that are answered, or others than PUBLISH: without, the client's output has not grown by them, or there is nothing
    // that its session could go on with, and neither is looked at.
    private bool _mayHaveAnswered;
    private bool _mayHaveMore;

    /// <summary>Handles what a read brought; false when something has to be awaited before the next, or nothing follows.</summary>
    bool IInputHandler.Take(PipeReader input, in ReadResult result)
    {
        var buffer = result.Buffer;
        if (!buffer.IsEmpty && !IsClosing)
        {
            var consumed = ProcessBatch(buffer);
            // Packets behind an AUTH that is answered after the batch, or behind the end of the client's rate, are looked at again at once,
            // not when more bytes come.
            input.AdvanceTo(consumed, MayContinue ? buffer.End : consumed);
        }
        else
        {
            input.AdvanceTo(buffer.End);
        }

        _wasLastRead = result.IsCompleted;
        return !_wasLastRead && !IsClosing && MayContinue && !(_mayHaveAnswered && IsOverOutput);
    }

    private SequencePosition ProcessBatch(in ReadOnlySequence<byte> buffer)
    {
        lock (_batch)
        {
            var context = BatchContext.Begin();
            _context = context;
            // As in the batch before: its own session is for who is answered or acknowledges.
            _expectedReceiver?.ExpectDelivery();
            if (_mayHaveAnswered || _mayHaveMore) Session?.ExpectDelivery();
            _mayHaveAnswered = _mayHaveMore = false;
            try
            {
                var consumed = Process(buffer, context);
                if (!ReferenceEquals(Routes.Last, _expectedRoute)) ExpectSame();
                WriteAnswers(context);
                if (context.Crowding.Waited || _company is not null) KeepCompany(context.Crowding);
                if (_mayHaveMore) SettleBatch(context);
                return consumed;
            }
            finally
            {
                // Of a batch that broke off: the thread's next one is another client's.
                context.Answers.Clear();
                context.Completed.Clear();
                _context = null;
                context.End(Core.Environment.Counters);
            }
        }
    }

    private void ExpectSame()
    {
        var route = Routes.Last;
        _expectedRoute = route;
        _expectedReceiver = route is { Receivers: [var only] } ? only.Target as Session : null;
        _transport.Expect(0, route);
        _transport.Expect(1, route?.TopicName);
        _transport.Expect(2, route?.Receivers);
        _transport.Expect(3, _expectedReceiver);
    }

    // Whose thread is to serve the client from now on.
    private void KeepCompany(in GateCrowding crowding)
    {
        _company ??= new ReceiverCompany();
        if (!_company.Changes(crowding, Core.Environment.Clock.Now, out var follows)) return;
        var leader = follows ? crowding.Receiver?.Link?.Owner as ClientConnection : null;
        _transport.Follow(leader?._transport);
    }

    // What answers the client's own packets is not dropped, so a client that does not read its answers is not read from either. The quarter
    // above the limit is for a client that publishes to itself and reads slowly: its messages are dropped or queued, its acknowledgements fit.
    private bool IsOverOutput
    {
        get
        {
            long maximum = Core.Environment.Options.MaximumOutputBufferBytes;
            return Link.Output.UnsentBytes > maximum + (maximum / 4);
        }
    }

    // Whether the next packet may be handled in this batch.
    private bool MayContinue => PendingAuthentication is null && !_isOverRate && !_waitsForStore;

    private SequencePosition Process(in ReadOnlySequence<byte> buffer, BatchContext context)
    {
        BeginPacing();
        if (buffer.IsSingleSegment) return buffer.GetPosition(ProcessSpan(buffer.FirstSpan, context));
        var rest = buffer;
        while (!IsClosing && MayContinue)
        {
            var status = FrameReader.TryMeasure(rest, Core.Environment.Options.MaximumPacketSize, out var length, out var error);
            if (status == ReadStatus.NeedMoreData) break;
            if (status == ReadStatus.Invalid)
            {
                Fail(error);
                break;
            }

            if (!ProcessPiece(rest.Slice(0, length), length, context)) break;
            rest = rest.Slice(length);
        }

        return rest.Start;
    }

    // A frame across segments is copied once; only frames that are complete get here, so the size is what has arrived. False: it has to wait.
    private bool ProcessPiece(in ReadOnlySequence<byte> frame, int length, BatchContext context)
    {
        if (frame.IsSingleSegment) return ProcessSpan(frame.FirstSpan, context) > 0;

        if (_pieces.Length < length) _pieces = ArrayPool<byte>.Shared.Rent(length);
        frame.CopyTo(_pieces);
        var isTaken = ProcessSpan(_pieces.AsSpan(0, length), context) > 0;
        ArrayPool<byte>.Shared.Return(_pieces);
        _pieces = [];
        return isTaken;
    }

    private int ProcessSpan(ReadOnlySpan<byte> source, BatchContext context)
    {
        var maximum = Core.Environment.Options.MaximumPacketSize;
        var consumed = 0;
        var packets = 0;
        while (consumed < source.Length && !IsClosing && MayContinue)
        {
            if (source[consumed] == (byte)PacketType.PubAck << 4)
            {
                var run = AcknowledgementHandler.HandleRun(this, source[consumed..], context);
                _mayHaveMore |= run > 0;
                packets += run;
                consumed += run * AcknowledgementHandler.BareLength;
                if (run > 0) continue;
            }

            var status = FrameReader.TryRead(source[consumed..], maximum, out var frame, out var error);
            if (status == ReadStatus.NeedMoreData) break;
            if (status == ReadStatus.Invalid)
            {
                Fail(error);
                break;
            }

            if (MustWaitForStore(frame)) break;
            consumed += frame.Length;
            packets++;
            Handle(frame, context);
        }

        if (packets > 0)
        {
            context.Counters.PacketsReceived += packets;
            context.Counters.BytesReceived += consumed;
            Volatile.Write(ref _lastReceived, Core.Environment.Clock.Now);
        }

        return consumed;
    }

    private void Handle(in Frame frame, BatchContext context)
    {
        if (frame.Type == PacketType.Publish)
        {
            // A client that gets its own messages has its output filled beyond the limit by no more than one of them: only large ones can reach the quarter above it.
            _mayHaveAnswered |= (frame.Flags & 0b0110) != 0 || frame.Length > (Core.Environment.Options.MaximumOutputBufferBytes / 4) - MostGrowth;
            PublishHandler.Handle(this, frame, context);
            if (_pace is { } pace) _isOverRate |= pace.Count(frame.Length);
            return;
        }

        _mayHaveAnswered = _mayHaveMore = true;
        context.Counters.ReceivedByType[(int)frame.Type]++;
        context.Leave();
        switch (frame.Type)
        {
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubRel or PacketType.PubComp:
                AcknowledgementHandler.Handle(this, frame, context);
                break;
            case PacketType.Subscribe:
                SubscribeHandler.Handle(this, frame, context);
                break;
            case PacketType.Unsubscribe:
                UnsubscribeHandler.Handle(this, frame, context);
                break;
            case PacketType.PingReq:
                PingReqHandler.Handle(this, frame, context);
                break;
            case PacketType.Disconnect:
                DisconnectHandler.Handle(this, frame);
                break;
            case PacketType.Auth when IsVersion5:
                AuthHandler.Handle(this, frame);
                break;
            default:
                // A second CONNECT [MQTT-3.1.0-2], packets only a server sends, the reserved types.
                var code = frame.Type == PacketType.Reserved ? ReasonCode.MalformedPacket : ReasonCode.ProtocolError;
                Close(DisconnectCauses.FromReasonCode(code), code, frame.Type == PacketType.Connect ? "MQTT-3.1.0-2" : "packet type not sent by clients");
                break;
        }
    }
}
