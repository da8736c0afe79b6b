using System.Globalization;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Fuzz;

/// <summary>
/// Mutated packets and random bytes against a whole broker: no exception escapes, no connection hangs (each ends or answers a ping), and a pair of
/// well-behaved clients goes on. <c>NIGHTJAR_FUZZ_COUNT</c> sets how many packets (30 000), <c>NIGHTJAR_FUZZ_SEED</c> repeats a run.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Workers = 4;
    private const int Largest = 2048;
    private int _answered;
    private int _ended;
    private int _finished;

    [Fact]
    public async Task Broker_FedWithMutatedPackets_EndsOrAnswersEachConnection()
    {
        var count = Setting("NIGHTJAR_FUZZ_COUNT", 30_000);
        var seed = Setting("NIGHTJAR_FUZZ_SEED", Random.Shared.Next());
        output.WriteLine($"seed {seed}, {count} packets");
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with
        {
            MaximumPacketSize = Largest,
            MaximumConnectPacketSize = Largest,
            MaximumRetainedMessages = 50,
            MaximumQueuedMessages = 20,
            MaximumSubscriptionsPerClient = 50,
            CloseLinger = TimeSpan.FromMilliseconds(1),
        });
        var bystanders = BystandAsync(broker);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => FuzzAsync(broker, new Random(seed + worker), count / Workers, seed))));
        Volatile.Write(ref _finished, 1);
        var trips = await bystanders;
        output.WriteLine($"{_answered} answered, {_ended} ended, {trips} round trips beside them");
        Assert.True(trips > 0);
        Assert.InRange(_answered, 1, int.MaxValue);
        Assert.InRange(_ended, 1, int.MaxValue);
        Assert.DoesNotContain(broker.Log.Lines, line => line.Exception is not null);
        await broker.ExpectUndisturbedAsync();
    }

    private async Task FuzzAsync(TestBroker broker, Random random, int count, int seed)
    {
        var mutator = new PacketMutator(random);
        WireClient? client = null;
        var version = ProtocolVersion.Mqtt50;
        for (var done = 0; done < count;)
        {
            var bytes = new List<byte>();
            if (client is null)
            {
                client = await broker.OpenAsync();
                var kind = random.Next(3);
                version = kind == 2 ? ProtocolVersion.Mqtt50 : ProtocolVersion.Mqtt311;
                bytes.AddRange(random.Next(6) == 0 ? mutator.NextConnect() : PacketMutator.Connects[kind]);
                done++;
            }

            for (var packets = random.Next(1, 4); packets > 0; packets--, done++) bytes.AddRange(mutator.Next(version));
            Complete(bytes);
            bytes.AddRange([0xC0, 0]);
            if (await IsAliveAsync(client, [.. bytes], random, seed))
            {
                Interlocked.Increment(ref _answered);
            }
            else
            {
                Interlocked.Increment(ref _ended);
                await client.DisposeAsync();
                client = null;
            }

            if (random.Next(2000) == 0) EndOfflineSessions(broker);
        }
    }

    private static async Task<bool> IsAliveAsync(WireClient client, byte[] bytes, Random random, int seed)
    {
        var cut = random.Next(3) == 0 ? random.Next(bytes.Length) : 0;
        try
        {
            if (cut > 0) await client.SendAsync(bytes.AsMemory(0, cut));
            await client.SendAsync(bytes.AsMemory(cut));
            while (await client.TryReceiveAsync() is { } packet)
            {
                if (packet is [0xD0, 0]) return true;
            }
        }
        catch (OperationCanceledException exception)
        {
            throw new InvalidOperationException($"Seed {seed}: neither an answer nor an end after {Convert.ToHexString(bytes)}", exception);
        }

        return false;
    }

    // What is cut short gets the rest of its length, so that the ping behind it is one.
    private static void Complete(List<byte> bytes)
    {
        while (true)
        {
            var rest = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes);
            ReadStatus status;
            var missing = 1;
            while ((status = FrameReader.TryRead(rest, Largest, out var frame, out _)) == ReadStatus.Complete) rest = rest[frame.Length..];
            if (status == ReadStatus.Invalid || rest.IsEmpty) return;
            var sequence = new System.Buffers.ReadOnlySequence<byte>(rest.ToArray());
            FrameReader.TryMeasure(sequence, Largest, out var length, out _);
            if (length > 0) missing = length - rest.Length;
            bytes.AddRange(new byte[missing]);
        }
    }

    // Durable sessions would pile up and make each message slower, which tests nothing.
    private static void EndOfflineSessions(TestBroker broker)
    {
        var core = broker.Broker.Core;
        foreach (var session in core.Sessions.Table.ToArray())
        {
            if (session.Link is not null) continue;
            var context = BatchContext.Begin();
            core.Sessions.End(session, context);
            context.End(core.Environment.Counters);
        }
    }

    private async Task<int> BystandAsync(TestBroker broker)
    {
        var reader = await broker.ConnectAsync("quiet-reader");
        var writer = await broker.ConnectAsync("quiet-writer", ProtocolVersion.Mqtt311);
        await reader.SubscribeAsync("quiet/a", QualityOfService.ExactlyOnce);
        var trips = 0;
        for (; Volatile.Read(ref _finished) == 0; trips++)
        {
            var qos = (QualityOfService)(trips % 3);
            await writer.PublishAndWaitAsync("quiet/a", $"{trips}", qos, (ushort)((trips % 65_535) + 1));
            var received = await reader.ReceiveAndAcknowledgeAsync();
            Assert.Equal(($"{trips}", qos), (received.Payload, received.QoS));
        }

        return trips;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
