using System.Threading.Channels;
using Nightjar.Broker.Security;

namespace Nightjar.Broker.Control;

/// <summary>
/// Requests to the control API that are not answered yet, and their answers in the order of the requests. What a request burns or waits for is the
/// endpoint's, off the I/O threads; here is only how many there may be.
/// </summary>
internal sealed class ControlQueue : IAsyncDisposable
{
    /// <summary>Most requests that are not answered.</summary>
    internal const int MaximumRequests = 256;

    /// <summary>Most bytes of requests that are not answered.</summary>
    internal const int MaximumBytes = 16 << 20;

    private readonly Channel<Pending> _pending = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = false });
    private readonly Action<IControlEndpoint, Task<byte[]>> _answer;
    private readonly Task _loop;
    private int _count;
    private long _bytes;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="answer">Takes each answer, done or failed; does not throw.</param>
    internal ControlQueue(Action<IControlEndpoint, Task<byte[]>> answer)
    {
        _answer = answer;
        _loop = RunAsync();
    }

    /// <summary>Takes a place for a request and has it begun.</summary>
    /// <returns>False when there is no place, and nothing was begun.</returns>
    internal bool TryAdd(IControlEndpoint endpoint, ReadOnlySpan<byte> request, Identity sender)
    {
        var bytes = request.Length;
        if (Interlocked.Increment(ref _count) <= MaximumRequests)
        {
            if (Interlocked.Add(ref _bytes, bytes) <= MaximumBytes) return _pending.Writer.TryWrite(new Pending(endpoint, bytes, endpoint.ExecuteAsync(request, sender)));
            Interlocked.Add(ref _bytes, -bytes);
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Takes no more; what was begun is answered.</summary>
    public async ValueTask DisposeAsync()
    {
        _pending.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        await foreach (var pending in _pending.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await ((Task)pending.Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Decrement(ref _count);
            Interlocked.Add(ref _bytes, -pending.Bytes);
            _answer(pending.Endpoint, pending.Answer);
        }
    }

    private readonly record struct Pending(IControlEndpoint Endpoint, int Bytes, Task<byte[]> Answer);
}
