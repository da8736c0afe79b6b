using System.Runtime.CompilerServices;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;

namespace Nightjar.Broker.Connections;

/// <content>
/// The client's publish rates: when a bucket is empty the batch ends behind the PUBLISH that emptied it, and the client is not read until there is
/// something in it again. What it sends meanwhile, PINGREQ and acknowledgements included, waits in its socket; nothing is dropped.
/// </content>
internal sealed partial class ClientConnection
{
    // A pause is for a twentieth of a second's worth at least, so that a client far over its rate costs twenty wake-ups a second and not a thousand.
    private const int PausesPerSecond = 20;

    // Of the reading loop.
    private TokenBucket _publishes;
    private TokenBucket _publishBytes;
    private long _publishRate;
    private long _publishBytesRate;
    private bool _isPaced;
    private bool _isOverRate;

    // Made at the first pause; read by those who close the connection.
    private ReadPause? _pause;
    private bool _isPaused;

    /// <summary>Whether the client is not being read because it is over its rate.</summary>
    internal bool IsPaused => Volatile.Read(ref _isPaused);

    // Once a batch: the rates in force, and what the time since the last batch brought.
    private void BeginPacing()
    {
        var options = Core.Environment.Options;
        if (!_isPaced && options.MaximumPublishRate == 0 && options.MaximumPublishBytesRate == 0) return;
        var now = Core.Environment.Clock.Now;
        Refill(ref _publishes, ref _publishRate, options.MaximumPublishRate, now);
        Refill(ref _publishBytes, ref _publishBytesRate, options.MaximumPublishBytesRate, now);
        _isPaced = _publishRate > 0 || _publishBytesRate > 0;
        _isOverRate = false;
    }

    private static void Refill(ref TokenBucket bucket, ref long rate, long perSecond, long now)
    {
        if (perSecond > 0 && rate == 0) bucket.Fill(now, perSecond);
        else if (perSecond > 0) bucket.Refill(now, perSecond);
        rate = perSecond;
    }

    private void CountPublish(int length)
    {
        if (_publishRate > 0)
        {
            _publishes.Take(1);
            _isOverRate |= _publishes.IsEmpty;
        }

        if (_publishBytesRate > 0)
        {
            _publishBytes.Take(length);
            _isOverRate |= _publishBytes.IsEmpty;
        }
    }

    // In pieces of a second at most, so that a rate that is raised or taken away is felt.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask PauseAsync()
    {
        var environment = Core.Environment;
        if (_pause is null) Volatile.Write(ref _pause, new ReadPause(environment.Clock.Provider));
        Volatile.Write(ref _isPaused, true);
        // Who closes the connection from here on sees the pause; who did before is seen here.
        Interlocked.MemoryBarrier();
        CountLimit(MissingMessages > 0 ? BrokerLimit.MaximumPublishRate : BrokerLimit.MaximumPublishBytesRate);
        while (!IsClosing)
        {
            BeginPacing();
            var wait = Math.Max(MissingMessages, MissingBytes);
            if (wait == 0) break;
            await _pause.WaitAsync(Math.Min(wait, 1000));
        }

        // What came meanwhile is read now: the client was there all the time.
        Volatile.Write(ref _lastReceived, environment.Clock.Now);
        Volatile.Write(ref _isPaused, false);
    }

    // Milliseconds until the next PUBLISH may be read.
    private long MissingMessages => _publishRate == 0 ? 0 : _publishes.WaitFor(_publishRate / PausesPerSecond, _publishRate);

    private long MissingBytes => _publishBytesRate == 0 ? 0 : _publishBytes.WaitFor(_publishBytesRate / PausesPerSecond, _publishBytesRate);
}
