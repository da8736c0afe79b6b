namespace Nightjar.LoadTests.Scenarios;

/// <summary>Who publishes where and who listens where. Immutable.</summary>
/// <param name="PublisherTopics">For each publisher its topics, used in turn.</param>
/// <param name="Filters">For each subscriber its filter.</param>
/// <param name="Fan">How often each message is delivered to these subscribers together.</param>
/// <param name="SlowFilters">For each slow consumer its filter; they are not waited for.</param>
internal sealed record FlowTopology(
    IReadOnlyList<IReadOnlyList<string>> PublisherTopics, IReadOnlyList<string> Filters, int Fan, IReadOnlyList<string> SlowFilters)
{
    internal FlowTopology(IReadOnlyList<IReadOnlyList<string>> publisherTopics, IReadOnlyList<string> filters, int fan)
        : this(publisherTopics, filters, fan, [])
    {
    }
}
