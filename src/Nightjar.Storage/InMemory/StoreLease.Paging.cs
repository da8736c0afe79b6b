using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.InMemory;

/// <content>Reading queued deliveries back.</content>
internal sealed partial class StoreLease
{
    public bool CanPage => _pages;

    public void LoadPage(SessionClaim session, long after, int maximumCount, long maximumBytes, IPageSink sink) =>
        ThreadPool.UnsafeQueueUserWorkItem(static page => page.Lease.ReadPage(page), new Page(this, session, after, maximumCount, maximumBytes, sink), preferLocal: false);

    private void ReadPage(Page page)
    {
        var last = page.After;
        foreach (var delivery in Select(page))
        {
            page.Sink.OnDelivery(delivery.Message!.Record, delivery.Record);
            last = delivery.Record.Number;
        }

        page.Sink.OnPageEnd(last, isFailed: false);
    }

    // A copy, so that the sink may call the store: messages are immutable. An earlier owner of the store has nothing there any more.
    private List<StoredDelivery> Select(Page page)
    {
        List<StoredDelivery> selected = [];
        lock (_state)
        {
            if (!TryFind(page.Session, out var stored, out _)) return selected;
            var bytes = 0L;
            foreach (var delivery in stored.Deliveries.Values)
            {
                if (delivery.Record.Number <= page.After || delivery.State != DeliveryState.Queued) continue;
                bytes += delivery.Message!.Size;
                if (selected.Count > 0 && bytes > page.MaximumBytes) break;
                selected.Add(delivery);
                if (selected.Count == page.MaximumCount) break;
            }
        }

        return selected;
    }

    private sealed record Page(StoreLease Lease, SessionClaim Session, long After, int MaximumCount, long MaximumBytes, IPageSink Sink);
}
