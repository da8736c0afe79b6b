using System.Globalization;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>
/// Random clients at two brokers: one is restarted now and then, gracefully or not, the other loses all its connections at the same time. Clients must not
/// see a difference. Times are odd where they end something and even where the clock moves, so that nothing is due at the very moment of a look.
/// </summary>
public sealed class RestartOracleTests(ITestOutputHelper output)
{
    private static readonly string[] Filters = ["a", "b", "+", "a/#", "#", "$share/g/a"];
    private static readonly string[] Topics = ["a", "b", "a/x"];
    private static readonly byte[] DelayedWill = [0x18, 0, 0, 0, 15];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(0)]
    public Task RestartedBroker_ToItsClients_IsAsOneThatNeverStopped(int seed) => CompareAsync(seed, StoreKind.Memory);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(0)]
    public Task RestartedBroker_ThatReadsItsQueuesBack_IsAsOneThatNeverStopped(int seed) => CompareAsync(seed, StoreKind.PagingMemory);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(0)]
    public Task RestartedBroker_OnAFile_IsAsOneThatNeverStopped(int seed) => CompareAsync(seed, StoreKind.Disk);

    private async Task CompareAsync(int seed, StoreKind kind)
    {
        if (seed == 0) seed = Environment.TickCount & 0xFFFFFF;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var options = new BrokerOptions
        {
            SysInterval = TimeSpan.Zero,
            // Also what clients may have open towards the broker: they use three packet ids.
            MaximumInflightMessages = random.Next(4, 8),
            MaximumQueuedMessages = random.Next(5, 40),
            QueueQoS0Messages = random.Next(2) == 0,
            AllowDuplicateMessages = random.Next(2) == 0,
            QueuedMessagesInMemory = random.Next(1, 4),
            QueueFullPolicy = (QueueFullPolicy)random.Next(2),
        };
        await using var restarted = await OracleSide.StartAsync(options, restarts: true, kind);
        await using var steady = await OracleSide.StartAsync(options, restarts: false, kind);
        for (var step = 0; step < 400; step++)
        {
            var operation = Choose(random, steady, step, out var name);
            var answer = await operation(steady);
            Assert.True(answer == await operation(restarted), $"seed {seed}, step {step}: {name}");
            var expected = await steady.DrainAsync();
            var found = await restarted.DrainAsync();
            Assert.True(expected.SequenceEqual(found), $"seed {seed}, step {step}: {name}\nsteady:\n{string.Join('\n', expected)}\nrestarted:\n{string.Join('\n', found)}");
        }

        await EndAllAsync(restarted);
    }

    private static Func<OracleSide, Task<string>> Choose(Random random, OracleSide state, int step, out string name)
    {
        var index = random.Next(state.Clients.Length);
        var client = state.Clients[index];
        switch (random.Next(100))
        {
            case < 6:
                var crash = random.Next(2) == 0;
                // After a crash deadlines count from the start that follows, so no time may pass before.
                var down = TimeSpan.FromSeconds(crash ? 0 : 2 * random.Next(10));
                name = $"restart, crash {crash}, {down}";
                return Silent(side => side.RestartAsync(crash, down));
            case < 12:
                var by = TimeSpan.FromSeconds(2 * random.Next(1, 10));
                name = $"advance {by}";
                return Silent(side =>
                {
                    side.Broker.Advance(by);
                    return Task.CompletedTask;
                });
            case < 20 when client.Wire is not null:
                var abort = random.Next(2) == 0;
                name = $"{client.ClientId} leaves, abort {abort}";
                return Silent(side => side.LeaveAsync(index, abort));
        }

        if (client.Wire is null) return Connect(random, index, out name);
        return client.Owed.Count > 0 && random.Next(2) == 0 ? Answer(random, index, client.Owed.Count, out name) : Talk(random, index, step, out name);
    }

    private static Func<OracleSide, Task<string>> Connect(Random random, int index, out string name)
    {
        var clean = random.Next(8) == 0;
        // A crash takes the will of a session that ends with its connection along; such a session has none here.
        uint[] expiries = [15, 101, uint.MaxValue, uint.MaxValue, 0];
        var expiry = expiries[random.Next(index == 3 ? 4 : 5)];
        var will = index == 3 ? new TestWill("a", "will", QualityOfService.AtLeastOnce, Properties: DelayedWill) : null;
        name = $"c{index} connects, clean {clean}, expiry {expiry}";
        return side => side.ConnectAsync(index, clean, expiry, will);
    }

    private static Func<OracleSide, Task<string>> Answer(Random random, int index, int owed, out string name)
    {
        var which = random.Next(4) == 0 ? random.Next(owed) : 0;
        name = $"c{index} answers";
        return Silent(side => side.Clients[index].AnswerAsync(which));
    }

    private static Func<OracleSide, Task<string>> Talk(Random random, int index, int step, out string name)
    {
        var filter = Filters[random.Next(Filters.Length)];
        // One member a group: whose turn it is does not survive.
        if (filter.StartsWith('$')) filter = string.Create(CultureInfo.InvariantCulture, $"$share/g{index}/a");
        var topic = Topics[random.Next(Topics.Length)];
        var qos = (QualityOfService)random.Next(3);
        var choice = random.Next(10);
        var packetId = (ushort)random.Next(1, 4);
        var flag = random.Next(3) == 0;
        var identifier = (uint)random.Next(3);
        var expires = random.Next(4) == 0;
        name = $"c{index} talks: {choice} {filter} {topic} {qos} {packetId}";
        return choice switch
        {
            0 or 1 => Silent(side => SubscribeAsync(side.Clients[index], filter, qos, flag, identifier)),
            2 => Silent(side => side.Clients[index].Wire!.SendAsync(WirePackets.Unsubscribe(side.Clients[index].Version, packetId, filter))),
            3 => Silent(side => side.Clients[index].Wire!.SendAsync(WirePackets.Ack(PacketType.PubRel, packetId, side.Clients[index].Version))),
            4 => Silent(side => PublishAsync(side.Clients[index], "a", flag ? "" : $"r{step}", qos, packetId, retain: true, expires)),
            _ => Silent(side => PublishAsync(side.Clients[index], topic, $"m{step}", qos, packetId, retain: false, expires)),
        };
    }

    private static Task SubscribeAsync(OracleClient client, string filter, QualityOfService qos, bool flag, uint identifier)
    {
        var version5 = client.Version == ProtocolVersion.Mqtt50;
        var shared = filter.StartsWith('$');
        return client.Wire!.SendAsync(WirePackets.Subscribe(
            client.Version, 1, filter, qos, noLocal: version5 && flag && !shared, retainAsPublished: version5 && flag, identifier: version5 ? identifier : 0));
    }

    private static Task PublishAsync(OracleClient client, string topic, string payload, QualityOfService qos, ushort packetId, bool retain, bool expires)
    {
        byte[]? properties = expires && client.Version == ProtocolVersion.Mqtt50 ? [0x02, 0, 0, 0, 25] : null;
        return client.Wire!.SendAsync(WirePackets.Publish(client.Version, topic, payload, qos, packetId, retain, dup: false, properties));
    }

    private static Func<OracleSide, Task<string>> Silent(Func<OracleSide, Task> operation) => async side =>
    {
        await operation(side);
        return "";
    };

    // When every session has ended, nothing may be left of them.
    private static async Task EndAllAsync(OracleSide side)
    {
        for (var i = 0; i < side.Clients.Length; i++)
        {
            await side.ConnectAsync(i, clean: true, expiry: 0, will: null);
            await side.LeaveAsync(i, abort: false);
        }

        Assert.Equal((0, 0), (side.Broker.Store.SessionCount, side.Broker.Store.MessageCount));
        Assert.Equal(side.Broker.Current.Broker.RetainedCount, side.Broker.Store.RetainedCount);
    }
}
