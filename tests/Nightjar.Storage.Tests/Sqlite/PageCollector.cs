using Nightjar.Broker.Persistence;
using Nightjar.Testing;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Takes one page and describes what is in it.</summary>
internal sealed class PageCollector : IPageSink
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal List<string> Lines { get; } = [];

    internal List<long> Numbers { get; } = [];

    internal long LastNumber { get; private set; }

    internal bool IsFailed { get; private set; }

    public void OnDelivery(in MessageRecord message, in DeliveryRecord delivery)
    {
        Numbers.Add(delivery.Number);
        Lines.Add($"{StateDescription.Describe(delivery)} of {StateDescription.Describe(message)}");
    }

    public void OnPageEnd(long lastNumber, bool isFailed)
    {
        LastNumber = lastNumber;
        IsFailed = isFailed;
        _end.SetResult();
    }

    /// <summary>Asks a store for a page and waits until it is over.</summary>
    internal static async Task<PageCollector> LoadAsync(BrokerStores stores, SessionClaim session, long after, int maximumCount = int.MaxValue, long maximumBytes = long.MaxValue)
    {
        var page = new PageCollector();
        stores.Messages.LoadPage(session, after, maximumCount, maximumBytes, page);
        await page._end.Task.WaitAsync(Wait.Guard);
        return page;
    }
}
