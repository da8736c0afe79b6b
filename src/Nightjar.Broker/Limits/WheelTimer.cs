namespace Nightjar.Broker.Limits;

/// <summary>Something that becomes due: an entry of a <see cref="TimingWheel"/>, which keeps its links in it and hence allocates
/// nothing.</summary>
/// <remarks>An instance belongs to one wheel at a time.</remarks>
internal abstract class WheelTimer
{
    /// <summary>When it is due, in milliseconds of the wheel's clock; of the last schedule when it is not scheduled any more.</summary>
    public long DueMilliseconds { get; internal set; }

    /// <summary>The bucket that holds it, or -1. Under the wheel's lock.</summary>
    internal int Bucket { get; set; } = -1;

    /// <summary>Next in the bucket's ring. Under the wheel's lock.</summary>
    internal WheelTimer? Next { get; set; }

    /// <summary>Previous in the bucket's ring. Under the wheel's lock.</summary>
    internal WheelTimer? Previous { get; set; }

    /// <summary>Runs once for each schedule, at or after <see cref="DueMilliseconds"/>, on the thread that advances the wheel, without its
    /// lock.</summary>
    /// <param name="nowMilliseconds">The time the wheel was advanced to.</param>
    /// <remarks>May schedule and cancel, itself and others. A cancel on another thread may come too late: it then returns false.</remarks>
    protected internal abstract void OnDue(long nowMilliseconds);
}
