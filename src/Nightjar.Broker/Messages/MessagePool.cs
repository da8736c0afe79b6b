using Nightjar.Transport;

namespace Nightjar.Broker.Messages;

/// <summary>
/// The kept messages of one broker. A thread takes from and returns to the stripe of its index; a stripe that overflows hands half of its
/// messages to the shared store as one array, a stripe that runs dry takes one back, so that publishers and subscribers on different threads
/// cost one shared operation per <see cref="BatchSize"/> messages. The arrays go round as well: where one thread always keeps and another
/// always lets go, a new one each time would be 8 bytes of garbage a message.
/// </summary>
internal sealed class MessagePool
{
    private const int StripeCount = 8;
    private const int StripeCapacity = 256;
    private const int BatchSize = StripeCapacity / 2;
    private const int MaximumSharedBatches = 512;

    // A message and the begin of its buffer, which is allocated behind it.
    private const int MessageLines = 4;

    private readonly Stripe[] _stripes = new Stripe[StripeCount];
    private readonly Lock _gate = new();

    // Under the gate, which is taken inside a stripe: arrays full of messages, and empty ones.
    private readonly Stack<PublishedMessage?[]> _full = new();
    private readonly Stack<PublishedMessage?[]> _empty = new();

    internal MessagePool()
    {
        for (var i = 0; i < StripeCount; i++) _stripes[i] = new Stripe();
    }

    /// <summary>Messages taken and not yet returned; exact when no thread is inside the pool.</summary>
    internal long Outstanding
    {
        get
        {
            long sum = 0;
            foreach (var stripe in _stripes) sum += Volatile.Read(ref stripe.Outstanding);
            return sum;
        }
    }

    /// <summary>Sum of <see cref="PublishedMessage.Footprint"/> of the messages taken and not yet returned.</summary>
    internal long Bytes
    {
        get
        {
            long sum = 0;
            foreach (var stripe in _stripes) sum += Volatile.Read(ref stripe.Bytes);
            return sum;
        }
    }

    /// <summary>Takes a message.</summary>
    /// <param name="footprint">What it will hold, see <see cref="PublishedMessage.Footprint"/>.</param>
    internal PublishedMessage Rent(long footprint)
    {
        var stripe = EnterStripe();
        stripe.Outstanding++;
        stripe.Bytes += footprint;
        PublishedMessage? message = null;
        if (stripe.Count > 0 || TryRefill(stripe))
        {
            message = stripe.Items[--stripe.Count]!;
            stripe.Items[stripe.Count] = null;
            // The one for the next message: whoever let it go did so on another core.
            if (stripe.Count > 0) Prefetch.FirstLines(stripe.Items[stripe.Count - 1], MessageLines);
        }

        stripe.Leave();
        return message ?? new PublishedMessage(this);
    }

    /// <summary>Takes a message back.</summary>
    internal void Return(PublishedMessage message, long footprint)
    {
        var stripe = EnterStripe();
        stripe.Outstanding--;
        stripe.Bytes -= footprint;
        if (stripe.Count < StripeCapacity || TryHandOver(stripe)) stripe.Items[stripe.Count++] = message;
        stripe.Leave();
    }

    // The thread's own stripe, or the next that nobody is in: a thread that was put aside inside one holds up nobody.
    private Stripe EnterStripe()
    {
        for (var index = Environment.CurrentManagedThreadId; ; index++)
        {
            var stripe = _stripes[index & (StripeCount - 1)];
            if (stripe.TryEnter()) return stripe;
        }
    }

    private bool TryRefill(Stripe stripe)
    {
        lock (_gate)
        {
            if (!_full.TryPop(out var batch)) return false;
            batch.CopyTo(stripe.Items, 0);
            Array.Clear(batch);
            _empty.Push(batch);
        }

        stripe.Count = BatchSize;
        return true;
    }

    // False: so many wait already that the message is left to the garbage collector.
    private bool TryHandOver(Stripe stripe)
    {
        lock (_gate)
        {
            if (_full.Count == MaximumSharedBatches) return false;
            if (!_empty.TryPop(out var batch)) batch = new PublishedMessage?[BatchSize];
            Array.Copy(stripe.Items, StripeCapacity - BatchSize, batch, 0, BatchSize);
            _full.Push(batch);
        }

        Array.Clear(stripe.Items, StripeCapacity - BatchSize, BatchSize);
        stripe.Count -= BatchSize;
        return true;
    }

    // A lock of the runtime costs two interlocked operations, and there are two such for each kept message: here it is one.
    private sealed class Stripe
    {
        internal readonly PublishedMessage?[] Items = new PublishedMessage?[StripeCapacity];
        internal int Count;
        internal long Outstanding;
        internal long Bytes;
        private int _isTaken;

        internal bool TryEnter() => Interlocked.Exchange(ref _isTaken, 1) == 0;

        internal void Leave() => Volatile.Write(ref _isTaken, 0);
    }
}
