using System.Text;
using Nightjar.Client;
using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Simulations;
using Nightjar.Protocol;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>The publishers and receivers of one run of a <see cref="FlowScenario"/>.</summary>
internal sealed class FlowClients : IMeasured, ILoadTarget
{
    private readonly ScenarioContext _context;
    private readonly ClientSet _clients;
    private readonly FlowTopology _topology;
    private readonly Publisher[] _publishers;
    private readonly Receiver[] _receivers;
    private readonly Receiver[] _slowReceivers;
    private readonly QualityOfService _qos;
    private int _next;

    internal FlowClients(ScenarioContext context, ClientSet clients, FlowTopology topology)
    {
        (_context, _clients, _topology) = (context, clients, topology);
        _qos = context.Options.QoS ?? QualityOfService.AtMostOnce;
        _publishers = new Publisher[topology.PublisherTopics.Count];
        _receivers = [.. topology.Filters.Select(_ => new Receiver(_publishers))];
        _slowReceivers = [.. topology.SlowFilters.Select(static _ => new Receiver([]))];
    }

    public Totals Totals => new(Sum(_publishers, static p => p.Sent), Sum(_receivers, static r => r.Received));

    public LatencySnapshot Latency => LatencySnapshot.Of(_receivers.Select(static receiver => receiver.Latency));

    public bool IsExhausted => _clients.HasLostClient || _clients.Errors.Count > 0;

    public int Room => (int)Math.Clamp((_context.Options.MaximumUnderWay - Sum(_publishers, static p => p.Outstanding)) / _topology.Fan, 0, int.MaxValue);

    /// <summary>Deliveries that should come from what was published.</summary>
    internal long Expected => Totals.Sent * _topology.Fan;

    /// <summary>Messages that slow consumers received.</summary>
    internal long SlowReceived => Sum(_slowReceivers, static r => r.Received);

    /// <summary>Messages received that this run did not publish.</summary>
    internal long Foreign => Sum(_receivers, static r => r.Foreign);

    /// <summary>Connects and subscribes everybody: subscribers first, so that nothing is published that nobody hears.</summary>
    internal async Task ConnectAsync()
    {
        LoadOptions options = _context.Options;
        await _clients.ForEachAsync(_receivers.Length, i =>
            SubscribeAsync($"s{i}", _receivers[i], _topology.Filters[i], slowBytesPerSecond: 0)).ConfigureAwait(false);
        await _clients.ForEachAsync(_slowReceivers.Length, i =>
            SubscribeAsync($"slow{i}", _slowReceivers[i], _topology.SlowFilters[i], options.SlowBytesPerSecond)).ConfigureAwait(false);
        await _clients.ForEachAsync(_publishers.Length, async i =>
        {
            MqttClient client = _clients.Add();
            await _clients.ConnectAsync(client, _clients.OptionsOf($"p{i}")).ConfigureAwait(false);
            byte[][] topics = [.. _topology.PublisherTopics[i].Select(Encoding.UTF8.GetBytes)];
            _publishers[i] = new Publisher(client, _clients.Errors, i, topics, _qos, options.PayloadSize, _topology.Fan);
        }).ConfigureAwait(false);
    }

    /// <summary>Publishes evenly: each publisher its share as one batch, beginning with the one whose turn it is.</summary>
    public void Inject(int count, long due)
    {
        int share = count / _publishers.Length;
        int more = count % _publishers.Length;
        int turns = share > 0 ? _publishers.Length : more;
        for (int i = 0; i < turns; i++)
        {
            _publishers[_next].Publish(share + (i < more ? 1 : 0), due);
            if (++_next == _publishers.Length) _next = 0;
        }

        // After a full round the turn is with the one that would come after the remainder.
        if (share > 0) _next = (_next + more) % _publishers.Length;
    }

    public void StartClosedLoop(int window)
    {
        foreach (Publisher publisher in _publishers) publisher.StartWindow(window);
    }

    public void StopClosedLoop()
    {
        foreach (Publisher publisher in _publishers) publisher.StopWindow();
    }

    private static long Sum<T>(T[] items, Func<T, long> value)
    {
        long sum = 0;
        foreach (T item in items) sum += value(item);
        return sum;
    }

    private async Task SubscribeAsync(string clientId, Receiver receiver, string filter, int slowBytesPerSecond)
    {
        MqttClient client = _clients.Add(receiver.OnMessage);
        await _clients.ConnectAsync(client, _clients.OptionsOf(clientId, _context.Options.DurableSubscribers), slowBytesPerSecond).ConfigureAwait(false);
        await _clients.SubscribeAsync(client, filter, _qos).ConfigureAwait(false);
    }
}
