using Nightjar.Broker.Security.AccessLists;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>One broker with a publisher and a subscriber, and the batch that the publisher sends.</summary>
internal sealed class RulesPath : IDisposable
{
    /// <summary>Messages of one read.</summary>
    internal const int Batch = 64;

    private SteppedBroker _broker = null!;
    private SteppedClient[] _clients = [];
    private byte[] _batch = [];

    internal void Open(int topics, bool withRules)
    {
        string[] lines = ["pattern write dev/%c/#", .. Enumerable.Range(0, 998).Select(i => $"topic read x/{i}/+"), "topic read dev/+/#"];
        _broker = new SteppedBroker(authorizer: withRules ? AccessList.Parse(lines, "f").Compile() : null);
        _clients = [_broker.Connect("p"), _broker.Connect("s")];
        _clients[1].Subscribe("dev/p/+", QualityOfService.AtMostOnce);
        _batch = [.. Enumerable.Range(0, Batch).SelectMany(i => WirePackets.Publish(ProtocolVersion.Mqtt50, $"dev/p/{i % topics}", new string('x', 64)))];
    }

    internal void Run()
    {
        _clients[0].Feed(_batch);
        SteppedBroker.Settle(_clients);
    }

    public void Dispose() => _broker.Dispose();
}
