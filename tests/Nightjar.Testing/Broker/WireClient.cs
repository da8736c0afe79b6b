using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Nightjar.Protocol;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Testing.Broker;

/// <summary>
/// The client side of one connection, packet by packet: sends bytes as they are given and shows bytes as they come. It knows no state, so it can
/// misbehave in every way.
/// </summary>
public sealed class WireClient : IAsyncDisposable
{
    private readonly TransportConnection _transport;

    /// <summary>A client of a version on an open connection.</summary>
    public WireClient(TransportConnection transport, ProtocolVersion version)
    {
        _transport = transport;
        Version = version;
    }

    /// <summary>The version whose packets the short forms write.</summary>
    public ProtocolVersion Version { get; }

    /// <summary>The CONNACK, whole packet.</summary>
    public byte[] ConnAck { get; set; } = [];

    /// <summary>Session Present of the CONNACK.</summary>
    public bool SessionPresent => ConnAck[2] == 1;

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        bytes.Span.CopyTo(_transport.Output.GetSpan(bytes.Length));
        _transport.Output.Advance(bytes.Length);
        await _transport.Output.FlushAsync();
    }

    /// <summary>Sends bytes written as hexadecimal, blanks allowed.</summary>
    public Task SendAsync(string hex) => SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    /// <summary>Sends SUBSCRIBE for one filter and waits for its SUBACK, whose only code it returns.</summary>
    public async Task<byte> SubscribeAsync(
        string filter, QualityOfService qos = QualityOfService.AtMostOnce, bool noLocal = false, bool retainAsPublished = false,
        RetainHandling retainHandling = RetainHandling.SendAtSubscribe, uint identifier = 0, ushort packetId = 1)
    {
        await SendAsync(WirePackets.Subscribe(Version, packetId, filter, qos, noLocal, retainAsPublished, retainHandling, identifier));
        var ack = await ReceiveAsync();
        Assert.Equal(PacketType.SubAck, (PacketType)(ack[0] >> 4));
        return ack[^1];
    }

    /// <summary>Sends UNSUBSCRIBE for one filter and waits for its UNSUBACK, which it returns.</summary>
    public async Task<byte[]> UnsubscribeAsync(string filter, ushort packetId = 1)
    {
        await SendAsync(WirePackets.Unsubscribe(Version, packetId, filter));
        var ack = await ReceiveAsync();
        Assert.Equal(PacketType.UnsubAck, (PacketType)(ack[0] >> 4));
        return ack;
    }

    /// <summary>Sends PUBLISH and waits for nothing.</summary>
    public Task PublishAsync(
        string topic, string payload, QualityOfService qos = QualityOfService.AtMostOnce, ushort packetId = 1, bool retain = false, bool dup = false, byte[]? properties = null) =>
        SendAsync(WirePackets.Publish(Version, topic, payload, qos, packetId, retain, dup, properties));

    /// <summary>Waits for the next packet, whole.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        var packet = await TryReceiveAsync();
        Assert.True(packet is not null, "The connection was closed where a packet was expected.");
        return packet;
    }

    /// <summary>Waits for the next packet, whole; null when the connection ends instead.</summary>
    public async Task<byte[]?> TryReceiveAsync()
    {
        using var guard = new CancellationTokenSource(Wait.Guard);
        while (true)
        {
            var result = await _transport.Input.ReadAsync(guard.Token);
            var status = FrameReader.TryMeasure(result.Buffer, int.MaxValue, out var length, out _);
            if (status == ReadStatus.Complete)
            {
                var packet = result.Buffer.Slice(0, length).ToArray();
                _transport.Input.AdvanceTo(result.Buffer.GetPosition(length));
                return packet;
            }

            _transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted) return null;
        }
    }

    /// <summary>Reads some bytes and throws them away.</summary>
    public async Task DiscardAsync(long bytes)
    {
        using var guard = new CancellationTokenSource(Wait.Guard);
        while (bytes > 0)
        {
            var result = await _transport.Input.ReadAsync(guard.Token);
            var piece = result.Buffer.Slice(0, Math.Min(bytes, result.Buffer.Length));
            bytes -= piece.Length;
            Assert.True(bytes == 0 || !result.IsCompleted, $"The connection was closed, {bytes} bytes were still to come.");
            _transport.Input.AdvanceTo(piece.End);
        }
    }

    /// <summary>Waits for the next packet and compares all of it, written as hexadecimal.</summary>
    public async Task ExpectAsync(string hex)
    {
        var expected = hex.Replace(" ", "", StringComparison.Ordinal).ToUpper(CultureInfo.InvariantCulture);
        Assert.Equal(expected, Convert.ToHexString(await ReceiveAsync()));
    }

    /// <summary>Waits for the next packet, which must be a PUBLISH, and takes it apart.</summary>
    public async Task<ReceivedPublish> ReceivePublishAsync()
    {
        var bytes = await ReceiveAsync();
        Assert.Equal(PacketType.Publish, (PacketType)(bytes[0] >> 4));
        return ReceivedPublish.Read(bytes, Version);
    }

    /// <summary>Waits for a PUBLISH of QoS 1 or 2 and goes through its acknowledgement.</summary>
    public async Task<ReceivedPublish> ReceiveAndAcknowledgeAsync()
    {
        var publish = await ReceivePublishAsync();
        if (publish.QoS == QualityOfService.AtLeastOnce) await SendAsync(WirePackets.Ack(PacketType.PubAck, publish.PacketId, Version));
        if (publish.QoS != QualityOfService.ExactlyOnce) return publish;
        await SendAsync(WirePackets.Ack(PacketType.PubRec, publish.PacketId, Version));
        await ExpectAsync(Convert.ToHexString(WirePackets.Ack(PacketType.PubRel, publish.PacketId, Version)));
        await SendAsync(WirePackets.Ack(PacketType.PubComp, publish.PacketId, Version));
        return publish;
    }

    /// <summary>Proves that nothing is on its way: everything sent before is handled, and the answer to a PINGREQ is the next packet.</summary>
    public async Task ExpectNothingAsync()
    {
        await SendAsync("C0 00");
        await ExpectAsync("D0 00");
    }

    /// <summary>Waits for the end of the connection, before which no packet may come, and closes this side too, so that the broker need not linger.</summary>
    public async Task ExpectClosedAsync()
    {
        using var guard = new CancellationTokenSource(Wait.Guard);
        var result = await _transport.Input.ReadAsync(guard.Token);
        Assert.True(result.Buffer.IsEmpty, $"Bytes came before the end: {Convert.ToHexString(result.Buffer.ToArray())}");
        Assert.True(result.IsCompleted);
        _transport.Input.AdvanceTo(result.Buffer.End);
        await _transport.CloseAsync(TimeSpan.Zero);
    }

    /// <summary>Waits for bytes that are no packet; more may come with them and are dropped.</summary>
    public async Task<byte[]> ReceiveBytesAsync(int least)
    {
        using var guard = new CancellationTokenSource(Wait.Guard);
        var result = await _transport.Input.ReadAtLeastAsync(least, guard.Token);
        byte[] bytes = result.Buffer.ToArray();
        _transport.Input.AdvanceTo(result.Buffer.End);
        Assert.True(bytes.Length >= least, "The connection was closed.");
        return bytes;
    }

    /// <summary>Waits for the end of the connection, whatever comes before, and closes this side too.</summary>
    public async Task ExpectEndAsync()
    {
        using var guard = new CancellationTokenSource(Wait.Guard);
        while (true)
        {
            var result = await _transport.Input.ReadAsync(guard.Token);
            _transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) break;
        }

        await _transport.CloseAsync(TimeSpan.Zero);
    }

    /// <summary>v5: waits for DISCONNECT with a reason code, then the end. v3: waits for the end.</summary>
    public async Task ExpectDisconnectAsync(ReasonCode reasonCode)
    {
        if (Version == ProtocolVersion.Mqtt50)
        {
            var packet = await ReceiveAsync();
            Assert.Equal(PacketType.Disconnect, (PacketType)(packet[0] >> 4));
            Assert.Equal(reasonCode, packet.Length == 2 ? ReasonCode.Success : (ReasonCode)packet[2]);
        }

        await ExpectClosedAsync();
    }

    /// <summary>Sends DISCONNECT and waits for the end.</summary>
    public async Task DisconnectAsync()
    {
        await SendAsync("E0 00");
        await ExpectClosedAsync();
    }

    /// <summary>Breaks the connection, as a network failure does.</summary>
    public void Abort() => _transport.Abort();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _transport.DisposeAsync();
}
