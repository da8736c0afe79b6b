using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;

namespace Nightjar.Broker.Sessions;

// What. With a store that can be read back, an offline session holds none of its queue in memory, and a connected one at most the part that the options
// allow: what is newer waits in the store, and of each delivery only its number and size are known here (MessageBacklog). When half of the part
// in memory has been sent, the next page is asked for; the store brings it on a thread of its own, and the client's sending goes on from there.
//
// Order. The queue in memory is always older than the backlog: as long as the backlog has a delivery, every new one is queued behind it. A page is
// compared with the backlog by number, so it does not matter what the store read before or after a change made here: what is not the oldest of
// the backlog is over already, and what the store left out is gone.
//
// Why not the obvious way. To keep the messages of offline sessions in memory as well costs 350 bytes each and more, which a million of them do not deserve;
// to ask the store for each message when it can be sent would put a reading of the disk between any two of them.

/// <content>The part of the queue that waits in the store alone. All under the gate but for what the store calls.</content>
internal sealed partial class Session : IPageSink
{
    private const int MaximumPage = 1000;
    private MessageBacklog? _backlog;
    private bool _isLoading;

    // The client has gone since the page under way was asked for: what is left of it is not taken, or it would be taken out of order.
    private bool _discardsPage;
    // A page has come, and nothing of it was looked at for sending yet.
    private bool _pageCame;
    private long _pageAfter;
    private long _pageUpTo;

    /// <summary>Whether deliveries of shared subscriptions wait in the store, which others must get before the session ends.</summary>
    internal bool MustDrain => _backlog is { SharedCount: > 0 };

    /// <summary>The end of the session is under way: nothing is delivered to it any more. Completed when it has ended; null otherwise.</summary>
    internal Task? Draining { get; set; }

    /// <summary>Whether a page is on its way to a connected client, or came and was not looked at for sending yet. Takes the gate: one page may be asked for in the look at another.</summary>
    internal bool AwaitsPage
    {
        get
        {
            lock (Gate) return _link is not null && (_isLoading || _pageCame);
        }
    }

    /// <summary>Deliveries that wait in the store and not in memory.</summary>
    internal int BacklogCount => _backlog?.Count ?? 0;

    /// <summary>Number of the oldest delivery that waits in the store alone, less one.</summary>
    internal long BacklogAfter => _backlog is { Count: > 0 } backlog ? backlog.First.Number - 1 : _lastNumber;

    private bool HasWaiting => _queue is { Count: > 0 } || _backlog is { Count: > 0 };

    private bool PagesQueue => IsStored && _environment.Stores.Messages.CanPage;

    /// <summary>Takes a queued delivery that a store kept and will read back, after those with lower numbers.</summary>
    internal void RestoreWaiting(in WaitingDelivery delivery)
    {
        (_backlog ??= new MessageBacklog(_environment.Memory)).Enqueue(delivery);
        _lastNumber = Math.Max(_lastNumber, delivery.Number);
    }

    /// <summary>Takes the oldest out of the backlog if it has this number; what is older than that is gone from the store.</summary>
    internal bool TakeWaiting(long number)
    {
        while (_backlog is { Count: > 0 } backlog && backlog.First.Number <= number)
        {
            if (backlog.Dequeue().Number == number) return true;
        }

        return false;
    }

    /// <summary>Forgets what the store says it does not have.</summary>
    internal void ForgetWaiting(long upTo)
    {
        long lost = 0;
        for (; _backlog is { Count: > 0 } backlog && backlog.First.Number <= upTo; lost++) backlog.Dequeue();
        if (lost > 0) BrokerLog.BacklogLost(_environment.Log, lost, ClientId);
    }

    void IPageSink.OnDelivery(in MessageRecord message, in DeliveryRecord delivery)
    {
        lock (Gate)
        {
            if (!_isLoading || _discardsPage || IsEnded || !TakeWaiting(delivery.Number)) return;
            var kept = RecordedMessages.Keep(message, _environment);
            (_queue ??= new MessageQueue(_environment.Memory)).Enqueue(RecordedMessages.DeliveryOf(delivery, kept, _environment));
        }
    }

    void IPageSink.OnPageEnd(long lastNumber, bool isFailed)
    {
        SessionLink? link;
        lock (Gate)
        {
            var isWhole = !isFailed && !_discardsPage;
            _pageCame = true;
            _isLoading = false;
            _discardsPage = false;
            if (IsEnded || _link is null) return;
            link = _link;
            if (isWhole && lastNumber == _pageAfter) ForgetWaiting(_pageUpTo);
        }

        if (!isFailed)
        {
            link.Owner.Resume();
            return;
        }

        if (_environment.PeerLog.TryTake(_environment.Clock.Now)) BrokerLog.BacklogUnreadable(_environment.Log, ClientId);
        _environment.Stalled.Add(() => Link?.Owner.Resume());
    }

    // Where a delivery goes that cannot be sent now: into memory while that has room and nothing waits behind it, else into the store alone.
    private bool WaitsInStore(int size)
    {
        if (!PagesQueue) return false;
        if (_link is null || _backlog is { Count: > 0 }) return true;
        if (_queue is not { Count: > 0 } queue) return false;
        var options = _environment.Options;
        return queue.Count >= options.QueuedMessagesInMemory || queue.Bytes + size > options.QueuedBytesInMemory;
    }

    private void EnqueueInStore(in Delivery delivery)
    {
        (_backlog ??= new MessageBacklog(_environment.Memory)).Enqueue(new WaitingDelivery(delivery.Number, delivery.Message.Size, delivery.Group is not null));
        delivery.Message.Release();
    }

    // The client is gone: what waits for it is in the store as well.
    private void LeaveQueueToStore()
    {
        _discardsPage = _isLoading;
        if (_queue is not { Count: > 0 } queue || !PagesQueue) return;
        _backlog ??= new MessageBacklog(_environment.Memory);
        while (queue.Count > 0)
        {
            var delivery = queue.DequeueLast();
            _backlog.EnqueueFirst(new WaitingDelivery(delivery.Number, delivery.Message.Size, delivery.Group is not null));
            delivery.Message.Release();
        }

        queue.Release();
        _queue = null;
    }

    private void RequestPage(BatchContext context)
    {
        if (_isLoading || _backlog is not { Count: > 0 } backlog) return;
        var options = _environment.Options;
        var count = _queue?.Count ?? 0;
        var bytes = _queue?.Bytes ?? 0;
        if (count > options.QueuedMessagesInMemory / 2 || bytes > options.QueuedBytesInMemory / 2) return;
        var maximumCount = Math.Clamp(options.QueuedMessagesInMemory - count, 1, MaximumPage);
        var maximumBytes = Math.Max(1, options.QueuedBytesInMemory - bytes);
        // Where memory is short the client still gets its messages, one by one.
        if (options.MemoryLimit > 0 && !_environment.AdmitsMemory(Math.Min(backlog.Bytes, maximumBytes), context))
        {
            if (count > 0) return;
            maximumCount = 1;
        }

        _isLoading = true;
        _discardsPage = false;
        _pageAfter = backlog.First.Number - 1;
        _pageUpTo = _lastNumber;
        _environment.Stores.Messages.LoadPage(StoreClaim, _pageAfter, maximumCount, maximumBytes, this);
    }

    // What a full queue drops to make room, which is the oldest wherever it waits.
    private void DropOldest(BatchContext context)
    {
        if (_queue is { Count: > 0 })
        {
            var delivery = _queue.Dequeue();
            CompleteInStore(delivery);
            delivery.Message.Release();
        }
        else
        {
            CompleteInStore(new Delivery { Number = _backlog!.Dequeue().Number });
        }

        CountDrop(context);
    }
}
