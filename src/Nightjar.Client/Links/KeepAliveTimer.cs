using Nightjar.Protocol;

namespace Nightjar.Client.Links;

/// <summary>Sends PINGREQ so that the time between two packets stays under the Keep Alive, and notices when the answer does not come.</summary>
/// <remarks>Ticks four times in a Keep Alive. Two ticks without a packet sent, or two without one received, make a PINGREQ: at most three
/// quarters of the Keep Alive after the last packet [MQTT-3.1.2-20]. Senders and the receiver only set a flag, they read no clock.</remarks>
internal sealed class KeepAliveTimer(ClientLink link, TimeProvider timeProvider)
{
    private const int TicksPerKeepAlive = 4;
    private const int IdleTicks = 2;

    private ITimer? _timer;
    private volatile bool _sent;
    private volatile bool _received;
    private volatile int _ticksSincePing = -1;
    private int _ticksWithoutSending;
    private int _ticksWithoutReceiving;
    private volatile bool _stopped;

    internal void OnSent()
    {
        if (!_sent) _sent = true;
    }

    internal void OnReceived()
    {
        if (!_received) _received = true;
    }

    internal void OnPingResp() => _ticksSincePing = -1;

    internal void Start(ushort seconds)
    {
        if (seconds == 0) return;
        TimeSpan period = TimeSpan.FromSeconds(seconds) / TicksPerKeepAlive;
        _timer = timeProvider.CreateTimer(static state => ((KeepAliveTimer)state!).OnTick(), this, period, period);
        if (_stopped) _timer.Dispose();
    }

    internal void Stop()
    {
        _stopped = true;
        _timer?.Dispose();
    }

    private void OnTick()
    {
        if (_stopped) return;
        _ticksWithoutSending = _sent ? 0 : _ticksWithoutSending + 1;
        _ticksWithoutReceiving = _received ? 0 : _ticksWithoutReceiving + 1;
        _sent = _received = false;
        int waited = _ticksSincePing;
        if (waited >= TicksPerKeepAlive)
        {
            var cause = new DisconnectCause(DisconnectKind.KeepAliveTimeout, ReasonCode.KeepAliveTimeout);
            link.Close(cause, sendDisconnect: false);
        }
        else if (waited >= 0)
        {
            _ticksSincePing = waited + 1;
        }
        else if (_ticksWithoutSending >= IdleTicks || _ticksWithoutReceiving >= IdleTicks)
        {
            Ping();
        }
    }

    private void Ping()
    {
        _ticksSincePing = 0;
        lock (link.Gate)
        {
            if (link.IsClosed) return;
            link.Encoder.WritePingReqLocked();
        }

        link.CommitAndSend();
    }
}
