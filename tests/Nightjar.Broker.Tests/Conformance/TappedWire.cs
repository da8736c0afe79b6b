using System.Buffers;
using System.Collections.Concurrent;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>A wire between a client and a broker that notes every packet, keeps some of them back, and can be cut.</summary>
internal sealed class TappedWire : IAsyncDisposable
{
    private readonly TransportConnection _broker;
    private readonly TransportConnection _client;
    private readonly Func<TappedPacket, bool> _keepsBack;
    private readonly Task _pumps;

    /// <summary>Joins a fresh connection of a broker with <see cref="ClientEnd"/>.</summary>
    /// <param name="broker">The client's end of the connection.</param>
    /// <param name="keepsBack">Which packets do not arrive; null for none.</param>
    internal TappedWire(TransportConnection broker, Func<TappedPacket, bool>? keepsBack = null)
    {
        _broker = broker;
        _keepsBack = keepsBack ?? (_ => false);
        (ClientEnd, _client) = MemoryTransport.CreatePair();
        _pumps = Task.WhenAll(PumpAsync(_client, _broker, fromClient: true), PumpAsync(_broker, _client, fromClient: false));
    }

    /// <summary>What the client gets for its network connection.</summary>
    internal TransportConnection ClientEnd { get; }

    /// <summary>Every packet in the order in which it was sent, whether it arrived or not.</summary>
    internal ConcurrentQueue<TappedPacket> Packets { get; } = new();

    /// <summary>Packets of one kind that the client sent.</summary>
    internal TappedPacket[] Sent(PacketType type) => [.. Packets.Where(packet => packet.IsFromClient && packet.Type == type)];

    /// <summary>Breaks the connection on both sides.</summary>
    internal void Cut()
    {
        _client.Abort();
        _broker.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _pumps;
        await _client.DisposeAsync();
        await _broker.DisposeAsync();
    }

    private async Task PumpAsync(TransportConnection from, TransportConnection to, bool fromClient)
    {
        while (true)
        {
            var result = await from.Input.ReadAsync();
            var rest = result.Buffer;
            while (FrameReader.TryMeasure(rest, int.MaxValue, out var length, out _) == ReadStatus.Complete)
            {
                Pass(new TappedPacket(fromClient, rest.Slice(0, length).ToArray()), to);
                rest = rest.Slice(length);
            }

            from.Input.AdvanceTo(rest.Start, rest.End);
            await to.Output.FlushAsync();
            if (result.IsCompleted) break;
        }

        to.Output.Complete();
    }

    private void Pass(TappedPacket packet, TransportConnection to)
    {
        var isKeptBack = _keepsBack(packet);
        Packets.Enqueue(packet with { IsKeptBack = isKeptBack });
        if (isKeptBack) return;
        packet.Bytes.CopyTo(to.Output.GetSpan(packet.Bytes.Length));
        to.Output.Advance(packet.Bytes.Length);
    }
}
