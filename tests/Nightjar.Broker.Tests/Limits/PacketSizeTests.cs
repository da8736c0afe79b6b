using Nightjar.Broker.Tests.Collections;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Packets that declare more than they may, or more than they send.</summary>
[Collection(MeasuredAlone.Name)]
public sealed class PacketSizeTests
{
    [Theory]
    [InlineData("10 FF FF FF 7F")]
    [InlineData("10 81 80 04")]
    [InlineData("10 FD FF 03 00 04 4D 51 54 54 05")]
    public async Task Connect_DeclaringMoreThanAllowed_IsClosedAtOnce(string hex)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.OpenAsync();
        await client.SendAsync(hex);
        await client.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);
    }

    [Fact]
    public async Task Connect_OfTheLargestSizeAllowed_IsAccepted()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt311, will: new TestWill("w", new string('x', 65_536 - 28)));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt50, "30 FF FF FF 7F")]
    [InlineData(ProtocolVersion.Mqtt50, "30 81 89 7A")]
    [InlineData(ProtocolVersion.Mqtt311, "82 FF FF FF 7F")]
    [InlineData(ProtocolVersion.Mqtt31, "30 FF FF FF 7F")]
    public async Task Packet_DeclaringMoreThanAllowed_IsClosedBeforeItsBody(ProtocolVersion version, string header)
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(header);
        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
        await broker.WaitForConnectionsAsync(0);
        Assert.Contains(broker.Log.Lines, line => line.Text.Contains("disconnected: oversize packet", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Packet_OfTheLargestSizeAllowed_Passes()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumPacketSize = 1000 });
        var client = await broker.ConnectAsync("c", ProtocolVersion.Mqtt50);
        await client.SubscribeAsync("t");
        // 3 bytes of fixed header, 3 of topic, 1 of properties.
        await client.PublishAsync("t", new string('x', 1000 - 7));
        Assert.Equal(993, (await client.ReceivePublishAsync()).Payload.Length);
        await client.PublishAsync("t", new string('x', 1000 - 6));
        await client.ExpectDisconnectAsync(ReasonCode.PacketTooLarge);
    }

    [Fact]
    public async Task Packet_WhoseBodyNeverComes_CostsNothingByItsDeclaredLength()
    {
        const int Clients = 100;
        await using var broker = await TestBroker.StartAsync(LimitTests.Options);
        var clients = new List<WireClient>();
        for (var i = 0; i < Clients; i++) clients.Add(await broker.ConnectAsync($"c{i}"));
        foreach (var client in clients) await client.ExpectNothingAsync();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        // 1 999 998 bytes are declared, which is allowed, and 100 sent.
        var start = new byte[100];
        new byte[] { 0x30, 0xFE, 0x88, 0x7A, 0, 1, (byte)'t', 0 }.CopyTo(start, 0);
        foreach (var client in clients) await client.SendAsync(start);
        var received = Clients * (start.Length - 0L);
        await Nightjar.Testing.Wait.UntilAsync(() => broker.Pool.Outstanding >= Clients, "the bytes to be held");
        Assert.Equal(10_000, received);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Clients * 40_000);
        Assert.InRange(broker.Pool.GetCounters().Sum(counter => counter.Outstanding * Math.Max(counter.BlockSize, 1)), 0, Clients * 17_000);
        await broker.ExpectUndisturbedAsync();
    }

    [Fact]
    public async Task MessageSizeLimit_OnALargerPayload_AcknowledgesAndDropsIt()
    {
        await using var broker = await TestBroker.StartAsync(LimitTests.Options with { MaximumPayloadSize = 10 });
        var client = await broker.ConnectAsync("c");
        await client.SubscribeAsync("t");
        await client.PublishAsync("t", new string('x', 11));
        Assert.Equal(ReasonCode.ImplementationSpecificError, LimitTests.ReasonOf(await client.PublishAndWaitAsync("t", new string('x', 11), QualityOfService.AtLeastOnce)));
        await client.PublishAsync("t", new string('x', 10));
        Assert.Equal(10, (await client.ReceivePublishAsync()).Payload.Length);
        await client.ExpectNothingAsync();
    }
}
