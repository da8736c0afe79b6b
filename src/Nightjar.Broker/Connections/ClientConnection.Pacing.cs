using System.Runtime.CompilerServices;
using Nightjar.Broker.Diagnostics;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <content>
/// When the client is not read from. A store that does not keep up: who made it grow waits, with the next PUBLISH that may have to be kept, until it has
/// caught up. The client's publish rates: when a bucket is empty the batch ends behind the PUBLISH that emptied it, and the client is not read until there is
/// something in it again. What it sends meanwhile, PINGREQ and acknowledgements included, waits in its socket; nothing is dropped.
/// </content>
internal sealed partial class ClientConnection
{
    // Made when the first rate is in force, by the reading loop; read by those who close the connection.
    private PublishPace? _pace;
    private bool _isOverRate;
    private bool _isPaused;

    // What the client published had to be kept. Of the reading loop.
    private bool _feedsStore;
    private bool _waitsForStore;

    // Made for a wait; completed by those who close the connection.
    private TaskCompletionSource? _storeWait;

    /// <summary>Whether the client is not being read because it is over its rate, or the store behind.</summary>
    internal bool IsPaused => Volatile.Read(ref _isPaused);

    /// <summary>A PUBLISH of the client has led to records of the store.</summary>
    internal void OnFedStore() => _feedsStore = true;

    // Asked before a PUBLISH is taken out of the input, so that the store grows by none that could wait.
    private bool MustWaitForStore(in Frame frame)
    {
        if (!_feedsStore || !Core.Environment.Stores.Condition.IsBusy) return false;
        // QoS 0 without RETAIN promises nothing: where it is to be kept at all, it is dropped beyond the store's bound.
        return _waitsForStore = frame.Type == PacketType.Publish && (frame.Flags & 0b0111) != 0;
    }

    private async Task AwaitStoreAsync()
    {
        var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _storeWait, wait);
        Volatile.Write(ref _isPaused, true);
        // As below: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (!IsClosing) await Task.WhenAny(wait.Task, Core.Environment.Stores.Condition.CalmAsync());
        Volatile.Write(ref _storeWait, null);
        _waitsForStore = false;
        Volatile.Write(ref _lastReceived, Core.Environment.Clock.Now);
        Volatile.Write(ref _isPaused, false);
    }

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
