using System.Threading.Channels;

namespace Nightjar.Broker.Control;

/// <summary>
/// Requests to the control API, dealt with one after the other on the thread pool: what a request burns or waits for holds up no client, and however
/// many are sent, one is worked on at a time.
/// </summary>
internal sealed class ControlQueue : IAsyncDisposable
{
    /// <summary>Most requests that wait.</summary>
    internal const int MaximumRequests = 256;

    /// <summary>Most bytes of requests that wait.</summary>
    internal const int MaximumBytes = 8 << 20;

    private readonly Channel<ControlRequest> _requests = Channel.CreateBounded<ControlRequest>(
        new BoundedChannelOptions(MaximumRequests) { SingleReader = true, AllowSynchronousContinuations = false, FullMode = BoundedChannelFullMode.Wait });
    private readonly Func<ControlRequest, CancellationToken, ValueTask> _execute;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private long _bytes;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="execute">Deals with one request; does not throw.</param>
    internal ControlQueue(Func<ControlRequest, CancellationToken, ValueTask> execute)
    {
        _execute = execute;
        _loop = RunAsync();
    }

    /// <summary>Adds a request; false when there is no room, or the broker stops.</summary>
    /// <remarks>Does not wait. One request is taken however large it is, if nothing else waits.</remarks>
    internal bool TryAdd(ControlRequest request)
    {
        var bytes = Interlocked.Add(ref _bytes, request.Payload.Length);
        if ((bytes <= MaximumBytes || bytes == request.Payload.Length) && _requests.Writer.TryWrite(request)) return true;
        Interlocked.Add(ref _bytes, -request.Payload.Length);
        return false;
    }

    /// <summary>Takes no more; what waits is dropped, what is being done comes to its end.</summary>
    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _requests.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_requests.Reader.TryRead(out var request))
            {
                Interlocked.Add(ref _bytes, -request.Payload.Length);
                if (!_stopping.IsCancellationRequested) await _execute(request, _stopping.Token).ConfigureAwait(false);
            }
        }
    }
}
