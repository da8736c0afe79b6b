using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>One client id that connects again and again.</summary>
public sealed class TakeOverTests
{
    [Theory]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task SameClientId_300Times_WithAQueue_LosesAndDoublesNothing(QualityOfService qos)
    {
        const int Times = 300;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumQueuedMessages = 0 });
        var publisher = await broker.ConnectAsync("publisher");
        var reader = new DurableReader();
        WireClient? old = null;
        for (var i = 0; i < Times; i++)
        {
            var client = await broker.ConnectAsync("same", cleanStart: i == 0, sessionExpiry: 1000);
            Assert.Equal(i > 0, client.SessionPresent);
            if (old is not null) await DrainUntilTakenOverAsync(old);
            if (i == 0) await client.SubscribeAsync("t", QualityOfService.ExactlyOnce);
            Assert.Equal(1, broker.Broker.Core.Connections.All.Count(connection => connection.ClientIdText == "same" && !connection.IsClosing));
            await publisher.PublishAndWaitAsync("t", $"{i}", qos, (ushort)(i + 1));
            // Read some and acknowledge, all of it, a part of it, or nothing.
            if (i % 4 == 3) await reader.HandleAsync(client, await client.ReceiveAsync(), answers: false);
            else await reader.DrainAsync(client, most: i % 4);
            old = client;
        }

        var last = await broker.ConnectAsync("same", cleanStart: false, sessionExpiry: 1000);
        await DrainUntilTakenOverAsync(old!);
        await reader.DrainAsync(last);
        Assert.Equal(0, broker.Broker.Session("same").InflightCount);
        Assert.Equal(Enumerable.Range(0, Times).Select(i => $"{i}"), reader.Messages.Where(pair => pair.Value > 0).Select(pair => pair.Key).OrderBy(int.Parse));
        if (qos == QualityOfService.ExactlyOnce) Assert.All(reader.Messages, pair => Assert.Equal(1, pair.Value));
        await Nightjar.Testing.Wait.UntilAsync(
            () => broker.Log.Lines.Count(line => line.Text.Contains("Client same [", StringComparison.Ordinal) && line.Text.Contains("session taken over", StringComparison.Ordinal)) == Times,
            "a line for each connection taken over");
    }

    [Fact]
    public async Task SameClientId_ByManyAtOnce_LeavesExactlyOne()
    {
        const int Clients = 200;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var ends = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(async () =>
        {
            var client = await broker.ConnectAsync("same", i % 3 == 0 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt50, cleanStart: i % 2 == 0, sessionExpiry: 100);
            return client;
        })));
        await broker.WaitForConnectionsAsync(1);
        var reads = ends.Select(client => client.TryReceiveAsync()).ToArray();
        await Wait.UntilAsync(() => reads.Count(read => read.IsCompleted) == Clients - 1, "all but one to be told");
        for (var i = 0; i < Clients; i++)
        {
            if (!reads[i].IsCompleted) await ends[i].SendAsync("C0 00");
            var packet = await reads[i];
            if (packet is [0xD0, 0]) continue;
            if (ends[i].Version == ProtocolVersion.Mqtt50) Assert.Equal(new byte[] { 0xE0, 1, (byte)ReasonCode.SessionTakenOver }, packet);
            else Assert.Null(packet);
        }

        Assert.Equal(1, broker.Broker.SessionCount);
        await Nightjar.Testing.Wait.UntilAsync(
            () => broker.Log.Lines.Count(line => line.Text.Contains(DisconnectCause.SessionTakenOver.ToLogText(), StringComparison.Ordinal)) == Clients - 1,
            "a line for each connection taken over");
    }

    [Fact]
    public async Task TakeOver_WhileAPublishIsHandled_ComesAfterIt()
    {
        using var authorizer = new SlowOnce();
        await using var broker = await TestBroker.StartAsync(LimitTests.Options, authorizer: authorizer);
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("t", QualityOfService.ExactlyOnce);
        var first = await broker.ConnectAsync("p", sessionExpiry: 1000);
        // Accepted after the first one, so the thread that accepts is not the one that is going to be kept waiting.
        await broker.ConnectAsync("later");
        await first.PublishAsync("t", "1", QualityOfService.ExactlyOnce, 1);
        await authorizer.Entered;
        var second = Task.Run(async () =>
        {
            var client = await broker.ConnectAsync("p", cleanStart: false, sessionExpiry: 1000);
            await client.PublishAsync("t", "1", QualityOfService.ExactlyOnce, 1, dup: true);
            await client.ExpectAsync("50 02 00 01");
            await client.SendAsync("62 02 00 01");
            await client.ExpectAsync("70 02 00 01");
            await client.PublishAndWaitAsync("t", "2", QualityOfService.ExactlyOnce, 2);
        });
        await DrainUntilTakenOverAsync(first);
        // Time enough for what must not happen: that the second connection is through before the first one's message is.
        await Task.WhenAny(second, Task.Delay(TimeSpan.FromMilliseconds(200)));
        Assert.False(second.IsCompleted);
        authorizer.Release();
        await second;
        var taken = new List<string>();
        await new DurableReader { Taken = publish => taken.Add(publish.Payload) }.DrainAsync(subscriber);
        Assert.Equal(["1", "2"], taken);
    }

    private static async Task DrainUntilTakenOverAsync(WireClient old)
    {
        byte[]? last = null;
        while (await old.TryReceiveAsync() is { } packet) last = packet;
        Assert.Equal(new byte[] { 0xE0, 1, (byte)ReasonCode.SessionTakenOver }, last);
    }

    // Keeps the first who wants to write waiting.
    private sealed class SlowOnce : IAuthorizer, IDisposable
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();

        internal Task Entered => _entered.Task;

        public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
        {
            if (action == AccessAction.Write && _entered.TrySetResult()) _released.Wait(Wait.Guard);
            return true;
        }

        public void Dispose() => _released.Dispose();

        internal void Release() => _released.Set();
    }
}
