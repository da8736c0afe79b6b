using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Broker.Tests.Persistence;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Performance;

/// <summary>
/// What a message allocates between connected clients once everything is warm: nothing, from the bytes of PUBLISH to the last acknowledgement of the
/// last receiver. Everything runs on the test's thread, so the count is exact.
/// </summary>
[Collection(MeasuredAlone.Name)]
[Trait("Measures", "optimised code")]
public sealed class AllocationTests
{
    private const int WarmUp = 3000;
    private const int Rounds = 1000;

    /// <summary>Version, QoS, receivers, kind.</summary>
    public static TheoryData<ProtocolVersion, QualityOfService, int, string> Cases()
    {
        var cases = new TheoryData<ProtocolVersion, QualityOfService, int, string>();
        foreach (var version in new[] { ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50 })
        {
            string[] kinds = version == ProtocolVersion.Mqtt311
                ? ["plain", "durable", "rules", "rules and shared", "shared", "large", "in place"]
                : ["plain", "durable", "rules", "rules and shared", "shared", "large", "in place", "user properties", "message expiry", "alias in", "alias out", "subscription identifier"];
            foreach (var qos in Enum.GetValues<QualityOfService>())
            {
                foreach (var kind in kinds)
                {
                    foreach (var receivers in new[] { 1, 20 }) cases.Add(version, qos, receivers, kind);
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Message_InTheSteadyState_AllocatesNothing(ProtocolVersion version, QualityOfService qos, int receivers, string kind)
    {
        using var broker = new SteppedBroker(LimitTests.Options, kind.StartsWith("rules", StringComparison.Ordinal) ? Rules() : null);
        var clients = new SteppedClient[receivers + 1];
        for (var i = 0; i < receivers; i++)
        {
            clients[i] = broker.Connect($"r{i}", version, sessionExpiry: kind == "durable" ? 1000u : 0, topicAliasMaximum: (ushort)(kind == "alias out" ? 5 : 0));
            Subscribe(clients[i], kind, qos);
        }

        var publisher = clients[receivers] = broker.Connect("p", version);
        var packet = Packet(publisher, kind, qos);
        Run(publisher, packet, clients, WarmUp);
        var runs = Allocation.AssertNone(() => Run(publisher, packet, clients, Rounds));
        var copies = IsShared(kind) ? 1 : receivers;
        var extra = kind == "alias in" ? copies : 0;
        Assert.Equal(((WarmUp + (Rounds * runs)) * copies) + extra, clients.Take(receivers).Sum(client => client.Received));
    }

    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Message_WhoseAnswersWaitForAStore_AllocatesNothing(QualityOfService qos)
    {
        await using var store = ManualStore.Create();
        store.NotesGroups = false;
        using var broker = new SteppedBroker(LimitTests.Options, store: store);
        var receiver = broker.Connect("r", sessionExpiry: 1000);
        receiver.Subscribe("dev/1/temp", qos);
        var publisher = broker.Connect("p", sessionExpiry: 1000);
        var packet = Packet(publisher, "plain", qos);
        SteppedClient[] clients = [receiver, publisher];
        store.Hold();
        RunAndCommit(WarmUp);
        var runs = Allocation.AssertNone(() => RunAndCommit(Rounds));
        Assert.Equal(WarmUp + (Rounds * runs), receiver.Received);
        store.Release();

        void RunAndCommit(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                publisher.Feed(packet);
                // PUBREC, PUBREL and PUBCOMP wait in turn.
                for (var step = 0; step < 3; step++)
                {
                    SteppedBroker.Settle(clients);
                    store.Commit();
                }

                SteppedBroker.Settle(clients);
            }
        }
    }

    [Fact]
    public async Task Message_ThatIsLeftToTheStore_AllocatesNothing()
    {
        await using var store = ManualStore.CreatePaging();
        using var broker = new SteppedBroker(LimitTests.Options with { MaximumQueuedMessages = 100, QueueFullPolicy = QueueFullPolicy.DropOldest }, store: store);
        var receiver = broker.Connect("r", sessionExpiry: 1000);
        receiver.Subscribe("dev/1/temp", QualityOfService.AtLeastOnce);
        receiver.Connection.End();
        var publisher = broker.Connect("p");
        var packet = Packet(publisher, "plain", QualityOfService.AtLeastOnce);
        SteppedClient[] clients = [publisher];
        Run(publisher, packet, clients, WarmUp);
        Allocation.AssertNone(() => Run(publisher, packet, clients, Rounds));
        Assert.Equal((100, 100), (broker.Broker.Session("r").QueuedCount, broker.Broker.Session("r").BacklogCount));
    }

    [Fact]
    public void Ping_InTheSteadyState_AllocatesNothing()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var client = broker.Connect("c");
        byte[] ping = [0xC0, 0];
        SteppedClient[] clients = [client];
        Run(client, ping, clients, WarmUp);
        Allocation.AssertNone(() => Run(client, ping, clients, Rounds));
    }

    [Fact]
    public void Topics_OfAWorkingSet_AllocateNothing()
    {
        using var broker = new SteppedBroker(LimitTests.Options);
        var receiver = broker.Connect("r");
        receiver.Subscribe("dev/+/temp", QualityOfService.AtMostOnce);
        var publisher = broker.Connect("p");
        var packets = Enumerable.Range(0, 200).Select(i => WirePackets.Publish(publisher.Version, $"dev/{i}/temp", "21.5")).ToArray();
        SteppedClient[] clients = [receiver];
        for (var i = 0; i < 20; i++) RunAll(publisher, packets, clients);
        var runs = Allocation.AssertNone(() => RunAll(publisher, packets, clients));
        Assert.Equal(packets.Length * (20 + runs), receiver.Received);
    }

    private static void RunAll(SteppedClient publisher, byte[][] packets, SteppedClient[] clients)
    {
        foreach (var packet in packets)
        {
            publisher.Feed(packet);
            SteppedBroker.Settle(clients);
        }
    }

    private static void Run(SteppedClient publisher, byte[] packet, SteppedClient[] clients, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            publisher.Feed(packet);
            SteppedBroker.Settle(clients);
        }
    }

    private static void Subscribe(SteppedClient client, string kind, QualityOfService qos)
    {
        if (kind == "subscription identifier")
        {
            client.Feed(WirePackets.Subscribe(client.Version, 1, "dev/1/temp", qos, identifier: 300));
            client.Connection.ClearSent();
            return;
        }

        client.Subscribe(IsShared(kind) ? "$share/g/dev/+/temp" : "dev/1/temp", qos);
    }

    private static byte[] Packet(SteppedClient publisher, string kind, QualityOfService qos)
    {
        const string Topic = "dev/1/temp";
        var payload = new string('x', kind switch { "large" => 5000, "in place" => 20_000, _ => 64 });
        byte[]? properties = kind switch
        {
            "user properties" => [0x26, 0, 4, .. "unit"u8, 0, 1, (byte)'C', 0x26, 0, 1, (byte)'a', 0, 1, (byte)'b'],
            "message expiry" => [2, 0, 0, 0, 60, 3, 0, 1, (byte)'t'],
            "alias in" => [0x23, 0, 3],
            _ => null,
        };
        if (kind != "alias in") return WirePackets.Publish(publisher.Version, Topic, payload, qos, properties: properties);
        publisher.Feed(WirePackets.Publish(publisher.Version, Topic, payload, QualityOfService.AtMostOnce, properties: properties));
        return WirePackets.Publish(publisher.Version, "", payload, qos, properties: properties);
    }

    private static bool IsShared(string kind) => kind.EndsWith("shared", StringComparison.Ordinal);

    // Denials and wildcards in the way, an address, the publisher by its pattern.
    private static IAuthorizer Rules() => AccessList.Parse(
        ["topic deny dev/1/secret/#", "topic deny dev/+/hum", "topic read dev/+/temp", "address 10.0.0.0/8", "topic dev/#", "address any", "pattern write dev/1/%c", "pattern write dev/+/temp"], "f").Compile();
}
