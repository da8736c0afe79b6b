namespace Nightjar.Broker.Limits;

/// <summary>
/// An allowance that grows with time: full it holds one second's worth, what is taken from it comes back at the rate. It may go below zero by
/// the last thing taken, which then is paid for before the next, so that the rate holds over time whatever the size of the things.
/// </summary>
/// <remarks>Counts in thousandths, so that every millisecond adds a whole number and no rounding adds up. Not thread-safe.</remarks>
internal struct TokenBucket
{
    // Beyond it a second's worth in thousandths would not fit; nobody reads that fast.
    private const long MaximumRate = 1L << 50;
    private long _thousandths;
    private long _at;

    /// <summary>Whether nothing may be taken now.</summary>
    internal readonly bool IsEmpty => _thousandths < 1000;

    /// <summary>Fills it.</summary>
    internal void Fill(long nowMilliseconds, long perSecond)
    {
        _thousandths = Math.Min(perSecond, MaximumRate) * 1000;
        _at = nowMilliseconds;
    }

    /// <summary>Adds what the time since the last call brought; a rate that was lowered takes effect at once.</summary>
    internal void Refill(long nowMilliseconds, long perSecond)
    {
        perSecond = Math.Min(perSecond, MaximumRate);
        var elapsed = nowMilliseconds - _at;
        _at = nowMilliseconds;
        var full = perSecond * 1000;
        if (elapsed > 0 && _thousandths < full) _thousandths = elapsed >= (full - _thousandths) / perSecond + 1 ? full : _thousandths + (elapsed * perSecond);
        if (_thousandths > full) _thousandths = full;
    }

    /// <summary>Thousandths that a refill would leave in it; what is owed counts as nothing.</summary>
    internal readonly long LevelAt(long nowMilliseconds, long perSecond)
    {
        var copy = this;
        copy.Refill(nowMilliseconds, perSecond);
        return Math.Max(0, copy._thousandths);
    }

    /// <summary>Takes something, more than there is perhaps.</summary>
    internal void Take(long amount) => _thousandths -= Math.Min(amount, MaximumRate) * 1000;

    /// <summary>Milliseconds until some amount, at least one, may be taken.</summary>
    internal readonly long WaitFor(long amount, long perSecond)
    {
        perSecond = Math.Min(perSecond, MaximumRate);
        var missing = (Math.Max(amount, 1) * 1000) - _thousandths;
        return missing <= 0 ? 0 : (missing + perSecond - 1) / perSecond;
    }
}
