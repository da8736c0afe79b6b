using System.Net;
using System.Net.Sockets;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.CrashTests.Peers;

/// <summary>
/// A client as MQTT wants it, whose state survives every crash of the broker: what it has not got acknowledged it sends again, and a QoS 2 message
/// that it has seen it does not take twice. It forgets nothing, so whatever is lost or doubled is the broker's doing.
/// </summary>
/// <remarks>One connection at a time. Messages are handed over one after the other, on the thread that reads.</remarks>
internal sealed class Peer
{
    private readonly Lock _gate = new();

    // Under _gate.
    private readonly List<Outgoing> _outgoing = [];
    private readonly HashSet<ushort> _received = [];
    private readonly Dictionary<ushort, TaskCompletionSource<ReasonCode?>> _requests = [];
    private readonly List<TaskCompletionSource<bool>> _pings = [];
    private Socket? _socket;
    private ushort _lastPacketId;

    internal Peer(string clientId, ProtocolVersion version)
    {
        ClientId = clientId;
        Version = version;
    }

    internal string ClientId { get; }

    internal ProtocolVersion Version { get; }

    /// <summary>Takes what was published to it. Called before the message is acknowledged.</summary>
    internal Action<ReceivedPublish>? Received { get; set; }

    /// <summary>The will of the next connections.</summary>
    internal TestWill? Will { get; set; }

    /// <summary>Completes when the connection is over.</summary>
    internal Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>What the broker ended the last connection with (v5); null for none.</summary>
    internal ReasonCode? DisconnectReason { get; private set; }

    /// <summary>Publishes that are not acknowledged yet.</summary>
    internal int Unacknowledged
    {
        get
        {
            lock (_gate) return _outgoing.Count;
        }
    }

    /// <summary>Connects, and sends again what was not acknowledged.</summary>
    /// <param name="port">Of the broker, at 127.0.0.1.</param>
    /// <param name="clean">Clean Start, Clean Session.</param>
    /// <param name="expiry">Session Expiry Interval (v5).</param>
    /// <returns>Session Present; null when no CONNACK came.</returns>
    internal async Task<bool?> ConnectAsync(int port, bool clean = false, uint expiry = uint.MaxValue)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connected = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            await socket.SendAsync(WirePackets.Connect(Version, ClientId, clean, expiry, will: Will));
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        DisconnectReason = null;
        lock (_gate)
        {
            _socket = socket;
            if (clean) Forget();
        }

        Ended = Task.Run(() => ReadAsync(socket, connected));
        return await connected.Task;
    }

    /// <summary>Publishes; what is not acknowledged when the connection ends is sent again on the next one.</summary>
    /// <returns>Completes with the reason code of the acknowledgement: of PUBACK, of PUBREC when it refuses, else of PUBCOMP.</returns>
    /// <param name="topic">Topic name.</param>
    /// <param name="payload">Its text.</param>
    /// <param name="qos">1 or 2.</param>
    /// <param name="retain">RETAIN.</param>
    /// <param name="properties">Encoded properties without their length (v5); null for none.</param>
    internal Task<ReasonCode> PublishAsync(string topic, string payload, QualityOfService qos, bool retain = false, byte[]? properties = null)
    {
        lock (_gate)
        {
            var outgoing = new Outgoing(topic, payload, qos, retain) { PacketId = NextPacketId(), Properties = properties };
            _outgoing.Add(outgoing);
            Send(outgoing, dup: false);
            return outgoing.Completion.Task;
        }
    }

    /// <summary>Publishes at QoS 0; whether it arrives nobody knows.</summary>
    internal void PublishAtMostOnce(string topic, string payload) =>
        SendLocked(WirePackets.Publish(Version, topic, payload));

    /// <summary>Subscribes.</summary>
    /// <returns>The code of the SUBACK; null when the connection ended before.</returns>
    internal Task<ReasonCode?> SubscribeAsync(string filter, QualityOfService qos) => RequestAsync(id => WirePackets.Subscribe(Version, id, filter, qos));

    /// <summary>Unsubscribes.</summary>
    /// <returns>The code of the UNSUBACK; null when the connection ended before.</returns>
    internal Task<ReasonCode?> UnsubscribeAsync(string filter) => RequestAsync(id => WirePackets.Unsubscribe(Version, id, filter));

    /// <summary>Sends PINGREQ and waits for the answer, which comes behind everything that is on its way.</summary>
    /// <returns>False when the connection ended before.</returns>
    internal Task<bool> PingAsync()
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_socket is null) return Task.FromResult(false);
            _pings.Add(answer);
            Send([0xC0, 0]);
        }

        return answer.Task;
    }

    /// <summary>Sends DISCONNECT and waits for the broker to close.</summary>
    /// <param name="reason">Reason code (v5).</param>
    internal async Task DisconnectAsync(ReasonCode reason = ReasonCode.Success)
    {
        SendLocked(reason == ReasonCode.Success ? [0xE0, 0] : [0xE0, 1, (byte)reason]);
        await Ended;
    }

    /// <summary>Breaks the connection.</summary>
    internal async Task AbortAsync()
    {
        Socket? socket;
        lock (_gate) socket = _socket;
        socket?.Close(0);
        await Ended;
    }

    private Task<ReasonCode?> RequestAsync(Func<ushort, byte[]> packet)
    {
        var answer = new TaskCompletionSource<ReasonCode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_socket is null) return Task.FromResult<ReasonCode?>(null);
            var id = NextPacketId();
            _requests.Add(id, answer);
            Send(packet(id));
        }

        return answer.Task;
    }

    private async Task ReadAsync(Socket socket, TaskCompletionSource<bool?> connected)
    {
        var buffer = new byte[1 << 16];
        var filled = 0;
        try
        {
            while (true)
            {
                if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
                var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
                if (read == 0) break;
                filled += read;
                var taken = Take(buffer.AsSpan(0, filled), connected);
                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The broker was killed, or the peer broke the connection itself.
        }

        End(socket);
        connected.TrySetResult(null);
    }

    private void End(Socket socket)
    {
        List<TaskCompletionSource<ReasonCode?>> requests;
        List<TaskCompletionSource<bool>> pings;
        lock (_gate)
        {
            socket.Dispose();
            if (_socket == socket) _socket = null;
            requests = [.. _requests.Values];
            pings = [.. _pings];
            _requests.Clear();
            _pings.Clear();
        }

        requests.ForEach(request => request.TrySetResult(null));
        pings.ForEach(ping => ping.TrySetResult(false));
    }

    private int Take(ReadOnlySpan<byte> bytes, TaskCompletionSource<bool?> connected)
    {
        var taken = 0;
        while (FrameReader.TryRead(bytes[taken..], int.MaxValue, out var frame, out _) == ReadStatus.Complete)
        {
            var packet = bytes.Slice(taken, frame.Length);
            taken += frame.Length;
            Handle(packet, frame, connected);
        }

        return taken;
    }

    private void Handle(ReadOnlySpan<byte> packet, in Frame frame, TaskCompletionSource<bool?> connected)
    {
        var id = frame.Body.Length >= 2 ? (ushort)((frame.Body[0] << 8) | frame.Body[1]) : (ushort)0;
        var reason = frame.Body.Length > 2 ? (ReasonCode)frame.Body[2] : ReasonCode.Success;
        switch (frame.Type)
        {
            case PacketType.ConnAck:
                var isPresent = frame.Body[0] == 1;
                var isAccepted = frame.Body[1] == 0;
                if (isAccepted) Resume(isPresent);
                connected.TrySetResult(isAccepted ? isPresent : null);
                break;
            case PacketType.Publish:
                TakePublish(ReceivedPublish.Read(packet.ToArray(), Version));
                break;
            case PacketType.PubRel:
                lock (_gate)
                {
                    _received.Remove(id);
                    Send(WirePackets.Ack(PacketType.PubComp, id, Version));
                }

                break;
            case PacketType.PubAck or PacketType.PubRec or PacketType.PubComp:
                TakeAcknowledgement(frame.Type, id, reason);
                break;
            case PacketType.SubAck or PacketType.UnsubAck:
                TaskCompletionSource<ReasonCode?>? request;
                lock (_gate) _requests.Remove(id, out request);
                // An UNSUBACK of v3 has no code.
                request?.TrySetResult(frame.Body.Length > 2 ? (ReasonCode)frame.Body[^1] : ReasonCode.Success);
                break;
            case PacketType.PingResp:
                TaskCompletionSource<bool> ping;
                lock (_gate)
                {
                    ping = _pings[0];
                    _pings.RemoveAt(0);
                }

                ping.TrySetResult(true);
                break;
            case PacketType.Disconnect:
                DisconnectReason = frame.Body.IsEmpty ? ReasonCode.Success : (ReasonCode)frame.Body[0];
                break;
        }
    }

    private void TakePublish(ReceivedPublish publish)
    {
        if (publish.QoS == QualityOfService.ExactlyOnce)
        {
            bool isNew;
            lock (_gate) isNew = _received.Add(publish.PacketId);
            if (isNew) Received?.Invoke(publish);
            SendLocked(WirePackets.Ack(PacketType.PubRec, publish.PacketId, Version));
            return;
        }

        Received?.Invoke(publish);
        if (publish.QoS == QualityOfService.AtLeastOnce) SendLocked(WirePackets.Ack(PacketType.PubAck, publish.PacketId, Version));
    }

    private void TakeAcknowledgement(PacketType type, ushort id, ReasonCode reason)
    {
        Outgoing? outgoing;
        lock (_gate)
        {
            outgoing = _outgoing.Find(one => one.PacketId == id);
            if (type == PacketType.PubRec && reason < ReasonCode.UnspecifiedError)
            {
                outgoing?.IsReleased = true;
                Send(WirePackets.Ack(PacketType.PubRel, id, Version));
                return;
            }

            if (outgoing is null || (type == PacketType.PubComp && !outgoing.IsReleased)) return;
            _outgoing.Remove(outgoing);
        }

        // PUBCOMP 0x92 answers a PUBREL that was sent again: the handshake was over already.
        outgoing.Completion.TrySetResult(type == PacketType.PubComp ? ReasonCode.Success : reason);
    }

    private void Resume(bool isPresent)
    {
        lock (_gate)
        {
            if (!isPresent)
            {
                // The session is gone: what was not acknowledged is published as new [MQTT-3.2.2-5].
                _received.Clear();
                foreach (var outgoing in _outgoing) outgoing.IsReleased = false;
            }

            foreach (var outgoing in _outgoing.Where(one => one.IsReleased)) Send(WirePackets.Ack(PacketType.PubRel, outgoing.PacketId, Version));
            foreach (var outgoing in _outgoing.Where(one => !one.IsReleased)) Send(outgoing, dup: isPresent);
        }
    }

    private void Forget()
    {
        _received.Clear();
        foreach (var outgoing in _outgoing) outgoing.Completion.TrySetResult(ReasonCode.UnspecifiedError);
        _outgoing.Clear();
    }

    private ushort NextPacketId()
    {
        do _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        while (_requests.ContainsKey(_lastPacketId) || _outgoing.Exists(one => one.PacketId == _lastPacketId));
        return _lastPacketId;
    }

    private void Send(Outgoing outgoing, bool dup) =>
        Send(WirePackets.Publish(Version, outgoing.Topic, outgoing.Payload, outgoing.QoS, outgoing.PacketId, outgoing.Retain, dup, outgoing.Properties));

    private void SendLocked(byte[] packet)
    {
        lock (_gate) Send(packet);
    }

    // Under the gate, so that packets leave in order. Small packets towards a broker that reads: it does not block for long.
    private void Send(ReadOnlySpan<byte> packet)
    {
        try
        {
            _socket?.Send(packet);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The reader learns of it as well, and ends the connection.
        }
    }

    private sealed class Outgoing(string topic, string payload, QualityOfService qos, bool retain)
    {
        internal string Topic { get; } = topic;

        internal string Payload { get; } = payload;

        internal QualityOfService QoS { get; } = qos;

        internal bool Retain { get; } = retain;

        internal byte[]? Properties { get; init; }

        internal ushort PacketId { get; init; }

        internal bool IsReleased { get; set; }

        internal TaskCompletionSource<ReasonCode> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
