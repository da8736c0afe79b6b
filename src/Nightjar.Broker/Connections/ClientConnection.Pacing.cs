using System.Runtime.CompilerServices;
using Nightjar.Broker.Diagnostics;

namespace Nightjar.Broker.Connections;

/// <content>
/// The client's publish rates: when a bucket is empty the batch ends behind the PUBLISH that emptied it, and the client is not read until there is
/// something in it again. What it sends meanwhile, PINGREQ and acknowledgements included, waits in its socket; nothing is dropped.
/// </content>
internal sealed partial class ClientConnection
{
    // Made when the first rate is in force, by the reading loop; read by those who close the connection.
    private PublishPace? _pace;
    private bool _isOverRate;
    private bool _isPaused;

    /// <summary>Whether the client is not being read because it is over its rate.</summary>
    internal bool IsPaused => Volatile.Read(ref _isPaused);

    // Once a batch: the rates in force, and what the time since the last batch brought.
    private void BeginPacing()
    {
        var options = Core.Environment.Options;
        if (_pace is null && options.MaximumPublishRate == 0 && options.MaximumPublishBytesRate == 0) return;
        if (_pace is null) Volatile.Write(ref _pace, new PublishPace(Core.Environment.Clock.Provider));
        _pace.Refill(options.MaximumPublishRate, options.MaximumPublishBytesRate, Core.Environment.Clock.Now);
        _isOverRate = false;
    }

    // In pieces of a second at most, so that a rate that is raised or taken away is felt.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask PauseAsync()
    {
        var pace = _pace!;
        pace.PreparePause();
        Volatile.Write(ref _isPaused, true);
        // Who closes the connection from here on sees the pause; who did before is seen here.
        Interlocked.MemoryBarrier();
        CountLimit(pace.MissingMessages > 0 ? BrokerLimit.MaximumPublishRate : BrokerLimit.MaximumPublishBytesRate);
        while (!IsClosing)
        {
            BeginPacing();
            var wait = Math.Max(pace.MissingMessages, pace.MissingBytes);
            if (wait == 0) break;
            await pace.WaitAsync(Math.Min(wait, 1000));
        }

        // What came meanwhile is read now: the client was there all the time.
        Volatile.Write(ref _lastReceived, Core.Environment.Clock.Now);
        Volatile.Write(ref _isPaused, false);
    }
}
