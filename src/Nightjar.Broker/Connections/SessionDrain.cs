using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Sessions;

namespace Nightjar.Broker.Connections;

/// <summary>
/// The end of a session whose backlog in the store has deliveries of shared subscriptions: page by page they are given to other members [MQTT-4.8.2-5], and
/// then the session ends. Meanwhile nothing is delivered to it and nobody is attached to it; a start in the middle goes on with it.
/// </summary>
internal sealed class SessionDrain : IPageSink
{
    private const int MaximumCount = 256;
    private const long MaximumBytes = 1 << 20;
    private readonly SessionEnvironment _environment;
    private readonly Session _session;
    private readonly Action<List<Delivery>> _redistribute;
    private readonly Action _end;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Delivery> _page = [];
    private long _after;

    /// <summary>Makes one; <see cref="Start"/> follows.</summary>
    /// <param name="environment">What sessions share.</param>
    /// <param name="session">The session, offline.</param>
    /// <param name="redistribute">Gives deliveries to others, without a gate; the messages stay the caller's.</param>
    /// <param name="end">Ends the session when nothing is left to give away.</param>
    internal SessionDrain(SessionEnvironment environment, Session session, Action<List<Delivery>> redistribute, Action end)
    {
        _environment = environment;
        _session = session;
        _redistribute = redistribute;
        _end = end;
    }

    /// <summary>Completes when the session has ended.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>Asks for the first page. Under the session's gate.</summary>
    internal void Start() => RequestLocked();

    void IPageSink.OnDelivery(in MessageRecord message, in DeliveryRecord delivery)
    {
        lock (_session.Gate)
        {
            if (!_session.TakeWaiting(delivery.Number) || delivery.ShareName is null) return;
        }

        _page.Add(RecordedMessages.DeliveryOf(delivery, RecordedMessages.Keep(message, _environment), _environment));
    }

    void IPageSink.OnPageEnd(long lastNumber, bool isFailed)
    {
        // Given to the other before it is over here: a crash in between leaves two, not none.
        var given = _page.FindAll(static delivery => delivery.Group is not null && delivery.QoS != Protocol.QualityOfService.AtMostOnce);
        _redistribute(given);
        lock (_session.Gate)
        {
            foreach (var delivery in _page) _environment.Stores.Messages.Complete(_session.StoreClaim, delivery.Number);
            if (!isFailed && lastNumber == _after) _session.ForgetWaiting(long.MaxValue);
        }

        foreach (var delivery in _page) delivery.Message.Release();
        _page.Clear();
        if (isFailed) _environment.Stalled.Add(Continue);
        else Continue();
    }

    private void Continue()
    {
        lock (_session.Gate)
        {
            if (_session.MustDrain)
            {
                RequestLocked();
                return;
            }
        }

        _end();
        _ended.SetResult();
    }

    private void RequestLocked()
    {
        _after = _session.BacklogAfter;
        _environment.Stores.Messages.LoadPage(_session.StoreClaim, _after, MaximumCount, MaximumBytes, this);
    }
}
