using Nightjar.CrashTests.Actors;
using Nightjar.CrashTests.Ledgers;
using Nightjar.Protocol;

namespace Nightjar.CrashTests;

/// <summary>Everybody who takes part in a run: both versions and both QoS on both sides, alone and in a group.</summary>
internal static class Cast
{
    internal static IReadOnlyList<Actor> Make(Ledger ledger, int seed)
    {
        // Each decides for itself, so that one that waits does not change what others do.
        var seeds = new Random(seed);
        Random Next() => new(seeds.Next());
        var streams = new List<MessageStream>();
        var actors = new List<Actor>();
        foreach (var (version, qos, window) in ((ProtocolVersion, QualityOfService, int)[])
        [
            (ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce, 10),
            (ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce, 1),
            (ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce, 1),
            (ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce, 10),
        ])
        {
            var stream = new MessageStream($"d/{streams.Count}", qos == QualityOfService.ExactlyOnce);
            streams.Add(stream);
            actors.Add(new StreamPublisher(ledger, Next(), stream, $"publisher-{streams.Count}", version, qos, window));
        }

        Dictionary<string, Receipts> ReceiptsOf(string who, bool isGroup = false) =>
            streams.ToDictionary(stream => stream.Topic, stream => new Receipts(ledger, stream, who, isGroup), StringComparer.Ordinal);
        void Subscriber(string name, ProtocolVersion version, QualityOfService qos) =>
            actors.Add(new StreamSubscriber(ledger, Next(), ReceiptsOf(name), name, version, "d/#", qos));
        Subscriber("subscriber-1", ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce);
        Subscriber("subscriber-2", ProtocolVersion.Mqtt311, QualityOfService.ExactlyOnce);
        Subscriber("subscriber-3", ProtocolVersion.Mqtt50, QualityOfService.AtLeastOnce);
        Subscriber("subscriber-4", ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce);
        var shared = ReceiptsOf("the group", isGroup: true);
        actors.Add(new StreamSubscriber(ledger, Next(), shared, "member-1", ProtocolVersion.Mqtt50, "$share/g/d/#", QualityOfService.ExactlyOnce));
        actors.Add(new StreamSubscriber(ledger, Next(), shared, "member-2", ProtocolVersion.Mqtt311, "$share/g/d/#", QualityOfService.ExactlyOnce));
        actors.Add(new RetainedWriter(ledger, Next(), "writer-1", ProtocolVersion.Mqtt311, QualityOfService.AtLeastOnce));
        actors.Add(new RetainedWriter(ledger, Next(), "writer-2", ProtocolVersion.Mqtt50, QualityOfService.ExactlyOnce));
        actors.Add(new Toggler(ledger, Next(), "toggler-1", ProtocolVersion.Mqtt311));
        actors.Add(new Toggler(ledger, Next(), "toggler-2", ProtocolVersion.Mqtt50));
        actors.Add(new WillClient(ledger, Next(), "will-1"));
        actors.Add(new WillClient(ledger, Next(), "will-2"));
        actors.Add(new SessionEnder(ledger, Next(), "ender-1", ProtocolVersion.Mqtt311));
        actors.Add(new SessionEnder(ledger, Next(), "ender-2", ProtocolVersion.Mqtt50));
        actors.Add(new ExpiringMessages(ledger, Next(), "expiring-1", QualityOfService.AtLeastOnce));
        actors.Add(new ExpiringMessages(ledger, Next(), "expiring-2", QualityOfService.ExactlyOnce));
        for (var kind = 0; kind < 4; kind++) actors.Add(new AbsentClient(ledger, Next(), $"absent-{kind + 1}", kind));
        return actors;
    }
}
