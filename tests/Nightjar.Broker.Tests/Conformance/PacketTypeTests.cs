using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Packet types that do not belong to clients, MQTT 3.1, and MQTT 3.1.1 with nothing added.</summary>
public sealed class PacketTypeTests
{
    [Theory]
    [InlineData("20 03 00 00 00")]
    [InlineData("20 02 00 00")]
    [InlineData("90 04 0001 00 00")]
    [InlineData("90 03 0001 00")]
    [InlineData("B0 04 0001 00 00")]
    [InlineData("B0 02 0001")]
    [InlineData("D0 00")]
    [Statement("T3-14")]
    [Statement("MQTT-4.13.1-1")]
    [Statement("MQTT-4.8.0-1 v3.1.1")]
    public async Task PacketsOfAServer_FromAClient_AreAProtocolError(string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var version in new[] { ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50 })
        {
            var client = await broker.ConnectAsync("c", version);
            await client.SubscribeAsync("a", QualityOfService.AtLeastOnce);
            await client.SendAsync(packet);
            await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
            // Before CONNECT they are not even answered.
            client = await broker.OpenAsync(version);
            await client.SendAsync(packet);
            await client.ExpectClosedAsync();
        }
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt31, "00 00")]
    [InlineData(ProtocolVersion.Mqtt311, "00 00")]
    [InlineData(ProtocolVersion.Mqtt50, "00 00")]
    [InlineData(ProtocolVersion.Mqtt50, "0F 02 0001")]
    [InlineData(ProtocolVersion.Mqtt31, "F0 00")]
    [InlineData(ProtocolVersion.Mqtt311, "F0 00")]
    [InlineData(ProtocolVersion.Mqtt311, "F0 02 19 00")]
    [Statement("T3-15")]
    public async Task ReservedPacketTypes_EndTheConnection(ProtocolVersion version, string packet)
    {
        await using var broker = await TestBroker.StartAsync();
        var client = await broker.ConnectAsync("c", version);
        await client.SendAsync(packet);
        await client.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Fact]
    [Statement("T3-16")]
    public async Task Mqtt31_HasItsOwnNameNoSessionPresentAndNoEmptyClientId()
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var clientId in new[] { "1", "12345678901234567890123" })
        {
            for (var round = 0; round < 2; round++)
            {
                var client = await broker.OpenAsync(ProtocolVersion.Mqtt31);
                await client.SendAsync(Bytes.Packet(0x10, Bytes.Text("MQIsdp"), Bytes.Hex("03 00 003C"), Bytes.Text(clientId)));
                // The second time a session goes on, and the byte stays 0.
                await client.ExpectAsync("20 02 00 00");
                if (round == 0)
                {
                    await client.SubscribeAsync($"t/{clientId}", QualityOfService.AtLeastOnce);
                }
                else
                {
                    broker.Broker.Publish($"t/{clientId}", "m"u8, QualityOfService.AtLeastOnce);
                    Assert.Equal("m", (await client.ReceiveAndAcknowledgeAsync()).Payload);
                }

                await client.DisconnectAsync();
                await broker.WaitForConnectionsAsync(0);
            }
        }

        foreach (var flags in new[] { "00", "02" })
        {
            var empty = await broker.OpenAsync(ProtocolVersion.Mqtt31);
            await empty.SendAsync(Bytes.Packet(0x10, Bytes.Text("MQIsdp"), Bytes.Hex($"03 {flags} 003C 0000")));
            await empty.ExpectAsync("20 02 00 02");
            await empty.ExpectClosedAsync();
        }

        // Name and level belong together.
        foreach (var (name, level) in new[] { ("MQIsdp", "04"), ("MQTT", "03") })
        {
            var mixed = await broker.OpenAsync(ProtocolVersion.Mqtt31);
            await mixed.SendAsync(Bytes.Packet(0x10, Bytes.Text(name), Bytes.Hex($"{level} 02 003C"), Bytes.Text("c")));
            await mixed.ExpectAsync("20 02 00 01");
            await mixed.ExpectClosedAsync();
        }
    }

    [Fact]
    [Statement("MQTT-7.0.0-2 v3.1.1")]
    public async Task Mqtt311_WithNothingButTheStandard_DoesEverything()
    {
        // Every packet of both sides, byte for byte, between clients that know no extension.
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.OpenAsync(ProtocolVersion.Mqtt311);
        await subscriber.SendAsync("10 0D 0004 4D515454 04 02 0000 0001 73");
        await subscriber.ExpectAsync("20 02 00 00");
        await subscriber.SendAsync("82 06 000A 0001 61 02");
        await subscriber.ExpectAsync("90 03 000A 02");
        var publisher = await broker.OpenAsync(ProtocolVersion.Mqtt311);
        await publisher.SendAsync("10 15 0004 4D515454 04 36 0000 0001 70 0001 61 0003 627965");
        await publisher.ExpectAsync("20 02 00 00");
        await publisher.SendAsync("30 04 0001 61 30");
        await subscriber.ExpectAsync("30 04 0001 61 30");
        await publisher.SendAsync("32 06 0001 61 0001 31");
        await publisher.ExpectAsync("40 02 0001");
        await subscriber.ExpectAsync("32 06 0001 61 0001 31");
        await subscriber.SendAsync("40 02 0001");
        await publisher.SendAsync("34 06 0001 61 0002 32");
        await publisher.ExpectAsync("50 02 0002");
        await subscriber.ExpectAsync("34 06 0001 61 0002 32");
        await subscriber.SendAsync("50 02 0002");
        await subscriber.ExpectAsync("62 02 0002");
        await subscriber.SendAsync("70 02 0002");
        await publisher.SendAsync("62 02 0002");
        await publisher.ExpectAsync("70 02 0002");
        await publisher.SendAsync("C0 00");
        await publisher.ExpectAsync("D0 00");
        publisher.Abort();
        // The will: QoS 2, retained, delivered live.
        await subscriber.ExpectAsync("34 08 0001 61 0003 627965");
        await subscriber.SendAsync("50 02 0003");
        await subscriber.ExpectAsync("62 02 0003");
        await subscriber.SendAsync("70 02 0003 A2 05 000B 0001 61");
        await subscriber.ExpectAsync("B0 02 000B");
        await subscriber.SendAsync("E0 00");
        await subscriber.ExpectClosedAsync();
        Assert.Equal(1, broker.Broker.RetainedCount);
    }
}
