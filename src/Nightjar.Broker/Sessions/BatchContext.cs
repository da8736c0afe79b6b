using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// What one thread needs while it processes one batch (all frames of one read, or one internal publication): the links it has written to,
/// counts, scratch space. A batch never waits, so the context of a thread belongs to one batch at a time; a batch begun inside another
/// (an event handler of an embedding application that publishes) gets a context of its own.
/// </summary>
/// <remarks>
/// On the thread of an event loop the links are flushed when the loop has handled all events at hand: a client that many others publish to, each of
/// them a message, then gets these in one send. What has gathered meanwhile is bounded.
/// </remarks>
internal sealed class BatchContext : IThreadPoolWorkItem
{
    // Bytes received and written that may wait for the end of the turn.
    private const long MaximumPutOff = 32 * 1024;

    // Bytes of payloads that are sent without a copy that may. These count by themselves, once for all receivers: a send costs as much as the bytes of
    // some large messages, and one that takes several of them is worth the wait.
    private const long MaximumInPlace = 64 * 1024;

    // Deliveries under one hold of a receiver's gate: others wait for it meanwhile.
    private const int MaximumDeliveries = 32;

    [ThreadStatic]
    private static BatchContext? t_idle;

    private static int s_threads;
    private readonly int _threadIndex = Interlocked.Increment(ref s_threads);
    private SessionLink[] _touched = new SessionLink[64];
    private int _touchedCount;
    private int _flushedCount;
    private readonly MessageRun _run = new();
    private Session? _held;
    private int _deliveriesLeft;
    private bool _hasRun;
    private long _putOffBytes;
    private long _inPlaceBytes;
    private bool _isPutOff;

    // Counts of the batches that wait for the end of the turn, and whose they are.
    private BatchCounters _putOffCounters;
    private BrokerCounters? _putOffFor;

    private BatchContext()
    {
    }

    internal BatchCounters Counters;

    /// <summary>How crowded the gate of the batch's only receiver was.</summary>
    internal GateCrowding Crowding;

    /// <summary>Bytes that the batch may still hold before the account is looked at again.</summary>
    internal long MemoryGrant;

    internal FrameTemplates Templates { get; } = new();

    internal MatchResult Matches { get; } = new();

    /// <summary>Acknowledgements for the client that the batch came from.</summary>
    internal AnswerBuffer Answers { get; } = new();

    /// <summary>What a run of PUBACKs has ended.</summary>
    internal CompletedDeliveries Completed { get; } = new();

    /// <summary>Scratch for properties that have to be put together anew.</summary>
    internal byte[] Scratch { get; private set; } = new byte[512];

    /// <summary>Scratch for a topic that has to be put together: apart, because a message has both.</summary>
    private byte[] TopicScratch { get; set; } = new byte[256];

    /// <summary>Takes this thread's context; given back by <see cref="End"/>.</summary>
    internal static BatchContext Begin()
    {
        var context = t_idle;
        if (context is null) return new BatchContext();
        t_idle = null;
        return context;
    }

    internal byte[] EnsureScratch(int size)
    {
        if (Scratch.Length < size) Scratch = new byte[size];
        return Scratch;
    }

    internal byte[] EnsureTopicScratch(int size)
    {
        if (TopicScratch.Length < size) TopicScratch = new byte[Math.Max(size, TopicScratch.Length * 2)];
        return TopicScratch;
    }

    /// <summary>
    /// Enters the gate of a receiver, and stays in it until <see cref="Leave"/>: the messages of a batch mostly go to the one who got the message before,
    /// and several publishers of one receiver would hand the gate to and fro for each message.
    /// </summary>
    internal void Hold(Session session)
    {
        if (ReferenceEquals(_held, session) && --_deliveriesLeft > 0) return;
        Leave();
        Enter(session);
        _held = session;
        _deliveriesLeft = MaximumDeliveries;
    }

    /// <summary>Enters the gate of a receiver, and notes whether somebody was in it.</summary>
    internal void Enter(Session session)
    {
        var isFree = session.Gate.TryEnter();
        if (!isFree) session.Gate.Enter();
        Crowding.Count(session, isFree);
    }

    /// <summary>Puts a message behind others of the batch that go to the same receivers; <see cref="Leave"/> gives them out.</summary>
    internal void Gather(Receiver[] receivers, Session publisher, ProtocolVersion version, IMessageOrigin? origin, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload)
    {
        if (!_hasRun || !_run.Takes(receivers, topicName.Length + payload.Length))
        {
            Leave();
            _run.Begin(receivers, publisher, origin, version);
            _hasRun = true;
            Crowding.Mix();
        }

        _run.Add(topicName, payload);
    }

    /// <summary>
    /// Gives out what was gathered, and leaves the gate that <see cref="Hold"/> is in: before any other is entered, before any other message goes anywhere,
    /// before anybody else's code is called, and at the end.
    /// </summary>
    internal void Leave()
    {
        if (_hasRun) GiveOut();
        if (_held is not { } held) return;
        _held = null;
        held.Gate.Exit();
    }

    /// <summary>Remembers a link that has been written to and was not waiting for a flush before.</summary>
    internal void Touch(SessionLink link)
    {
        if (_touchedCount == _touched.Length) Array.Resize(ref _touched, _touchedCount * 2);
        _touched[_touchedCount++] = link;
    }

    /// <summary>A receiver got a payload without a copy.</summary>
    internal void CountInPlace(ref Publication publication)
    {
        var length = publication.Payload.Length;
        _putOffBytes -= length;
        if (publication.IsInPlace) return;
        publication.IsInPlace = true;
        _putOffBytes -= length;
        _inPlaceBytes += length;
    }

    /// <summary>Sends what was written: one send per touched link.</summary>
    /// <remarks>What a send leads to may touch links and flush in its turn: it goes on where this stands.</remarks>
    internal void Flush()
    {
        while (_flushedCount < _touchedCount)
        {
            var link = _touched[_flushedCount];
            _touched[_flushedCount++] = null!;
            link.Flush();
        }

        _flushedCount = _touchedCount = 0;
    }

    /// <summary>The loop's turn ends.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        _isPutOff = false;
        // Before anybody outside sees what was done.
        AddPutOff();
        _putOffBytes = _inPlaceBytes = 0;
        Flush();
    }

    /// <summary>Ends the batch: flushes, and before that adds its counts to the broker's, both now or at the end of the turn; gives the context back to the thread.</summary>
    internal void End(BrokerCounters counters)
    {
        Leave();
        // What was sent in place is taken off both; a message that no client published was never received.
        _putOffBytes = Math.Max(0, _putOffBytes + Counters.BytesReceived + Counters.BytesSent);
        MemoryGrant = 0;
        Crowding = default;
        if (Scratch.Length > 64 * 1024) Scratch = new byte[512];
        Templates.Trim();
        t_idle = this;
        var mustFlush = _touchedCount > 0 && !TryPutOff();
        if (_isPutOff) PutOff(counters);
        else counters.Add(ref Counters, _threadIndex);
        if (!mustFlush) return;
        AddPutOff();
        Flush();
    }

    // A batch that travels alone changes a dozen totals, and each of them costs a locked instruction.
    private void PutOff(BrokerCounters counters)
    {
        // The loops are those of all brokers of the process.
        if (!ReferenceEquals(_putOffFor, counters)) AddPutOff();
        _putOffFor = counters;
        Counters.MoveTo(ref _putOffCounters);
    }

    private void AddPutOff()
    {
        _putOffFor?.Add(ref _putOffCounters, _threadIndex);
        _putOffFor = null;
    }

    // A receiver may have its connection ended, which leaves gates in its turn: by then there is nothing to give out any more.
    private void GiveOut()
    {
        _hasRun = false;
        foreach (ref readonly var receiver in _run.Receivers.AsSpan()) receiver.Target.Deliver(_run, receiver, this);
        _run.End();
    }

    private bool TryPutOff()
    {
        if (_putOffBytes <= MaximumPutOff && _inPlaceBytes <= MaximumInPlace && (_isPutOff || TransportTurn.TryRunAtEnd(this))) return _isPutOff = true;
        _putOffBytes = _inPlaceBytes = 0;
        return false;
    }
}
