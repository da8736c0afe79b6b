namespace Nightjar.Broker.Messages;

/// <summary>
/// Bytes that messages, queues and unsent output hold: what <c>memory_limit</c> is about. Kept messages are counted by the stripes of their
/// pool, which are locked then anyway; everything else is added to a stripe of the thread. A message that nobody keeps, on its way to receivers
/// that take it at once, writes nothing here.
/// </summary>
/// <remarks>Any thread. Near to the truth, not the truth: buffers of the runtime and of receiving are not in it.</remarks>
internal sealed class MemoryAccount(MessagePool pool)
{
    private const int StripeCount = 8;

    // One counter a cache line.
    private const int StripeLength = 8;
    private readonly long[] _stripes = new long[(StripeCount + 1) * StripeLength];

    /// <summary>Bytes held now.</summary>
    internal long Held
    {
        get
        {
            var sum = pool.Bytes;
            for (var i = 1; i <= StripeCount; i++) sum += Volatile.Read(ref _stripes[i * StripeLength]);
            return sum;
        }
    }

    /// <summary>Adds bytes, or takes them away.</summary>
    internal void Add(long bytes) =>
        Interlocked.Add(ref _stripes[((Environment.CurrentManagedThreadId & (StripeCount - 1)) + 1) * StripeLength], bytes);
}
