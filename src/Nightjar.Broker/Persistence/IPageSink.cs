namespace Nightjar.Broker.Persistence;

/// <summary>Takes a page of the deliveries that wait for one session. Called on a thread of the store, one call after the other, never inside <see cref="IMessageStore.LoadPage"/>.</summary>
internal interface IPageSink
{
    /// <summary>The next delivery, in ascending number.</summary>
    /// <param name="message">Its message, with its id. Spans are valid during the call only.</param>
    /// <param name="delivery">What is particular to it.</param>
    void OnDelivery(in MessageRecord message, in DeliveryRecord delivery);

    /// <summary>The page is over; called once for every page, whatever happens.</summary>
    /// <param name="lastNumber">Number of the last delivery handed over; the <c>after</c> of the request when there was none. A page that is not failed and has none says that nothing is there.</param>
    /// <param name="isFailed">The store could not read on; what it handed over counts, and the rest may be asked for again.</param>
    void OnPageEnd(long lastNumber, bool isFailed);
}
