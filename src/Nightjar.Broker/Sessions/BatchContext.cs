using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Sessions;

/// <summary>
/// What one thread needs while it processes one batch (all frames of one read, or one internal publication): the links it has written to,
/// counts, scratch space. A batch never waits, so the context of a thread belongs to one batch at a time; a batch begun inside another
/// (an event handler of an embedding application that publishes) gets a context of its own.
/// </summary>
internal sealed class BatchContext
{
    [ThreadStatic]
    private static BatchContext? t_idle;

    private static int s_threads;
    private readonly int _threadIndex = Interlocked.Increment(ref s_threads);
    private SessionLink[] _touched = new SessionLink[64];
    private int _touchedCount;

    private BatchContext()
    {
    }

    internal BatchCounters Counters;

    /// <summary>Bytes that the batch may still hold before the account is looked at again.</summary>
    internal long MemoryGrant;

    internal FrameTemplates Templates { get; } = new();

    internal MatchResult Matches { get; } = new();

    /// <summary>Acknowledgements for the client that the batch came from.</summary>
    internal AnswerBuffer Answers { get; } = new();

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

    /// <summary>Remembers a link that has been written to and was not waiting for a flush before.</summary>
    internal void Touch(SessionLink link)
    {
        if (_touchedCount == _touched.Length) Array.Resize(ref _touched, _touchedCount * 2);
        _touched[_touchedCount++] = link;
    }

    /// <summary>Sends what was written: one send per touched link.</summary>
    internal void Flush()
    {
        for (var i = 0; i < _touchedCount; i++)
        {
            _touched[i].Flush();
            _touched[i] = null!;
        }

        _touchedCount = 0;
    }

    /// <summary>Ends the batch: flushes, adds its counts to the broker's, gives the context back to the thread.</summary>
    internal void End(BrokerCounters counters)
    {
        Flush();
        counters.Add(ref Counters, _threadIndex);
        MemoryGrant = 0;
        if (Scratch.Length > 64 * 1024) Scratch = new byte[512];
        Templates.Trim();
        t_idle = this;
    }
}
