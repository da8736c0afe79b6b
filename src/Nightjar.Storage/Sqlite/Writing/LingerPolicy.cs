namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>
/// How long records are left open before they are written. It follows what waiting would have gained, judged a few batches at a time: deliveries that
/// were over soon after they had been written lengthen it by a step, so does nothing that was over at all shorten it; and now and then a shorter
/// one is tried. Clients that are slower than the longest wait give no reason for any. Where nobody waits for the commit, it is long.
/// </summary>
internal struct LingerPolicy
{
    /// <summary>Batches that are judged together.</summary>
    internal const int BatchesAtOnce = 8;
    private const int Unhurried = 50;
    private const int Longest = 20;
    private const int PeriodsBeforeLess = 64;
    private const int PeriodsOfNone = 1000;

    // One delivery in so many that is written in vain costs less than the wait of all.
    private const int Tolerated = 50;
    private readonly int _longest;
    private readonly int _least;
    private int _milliseconds;
    private int _batches;
    private int _periods;
    private int _periodsOfNone;
    private long _new;
    private long _absorbed;
    private long _missed;

    internal LingerPolicy(SqliteStoreOptions options)
    {
        _least = options.Sync == SqliteSync.Autosave ? Unhurried : 0;
        _longest = Math.Max(_least, (int)Math.Clamp(options.LongestLinger.TotalMilliseconds, 0, Longest));
        _milliseconds = _least;
    }

    /// <summary>The time at present for which records are left open, in milliseconds.</summary>
    internal readonly int Milliseconds => _milliseconds;

    /// <summary>Milliseconds between two looks for records that have been open for so long.</summary>
    internal readonly int Step => Math.Max(1, _milliseconds / 2);

    /// <summary>Time after its commit within which the end of a delivery says that it was written in vain.</summary>
    internal readonly TimeSpan Recent => TimeSpan.FromMilliseconds(_milliseconds + (_longest / 2) + 1);

    /// <summary>Notes what came of a batch.</summary>
    /// <param name="added">Deliveries that came.</param>
    /// <param name="absorbed">Those of them that were not written.</param>
    /// <param name="missed">Deliveries that were over soon after they had been written.</param>
    internal void Observe(int added, int absorbed, int missed)
    {
        _new += added;
        _absorbed += absorbed;
        _missed += missed;
        if (++_batches < BatchesAtOnce || _new == 0) return;
        Judge();
        _batches = 0;
        _new = _absorbed = _missed = 0;
    }

    private void Judge()
    {
        if (_periodsOfNone > 0)
        {
            _periodsOfNone--;
        }
        else if (_missed * Tolerated > _new)
        {
            _periods = 0;
            if (_milliseconds < _longest) _milliseconds++;
            else if (_missed > _absorbed) (_milliseconds, _periodsOfNone) = (_least, PeriodsOfNone);
        }
        else if (_absorbed == 0 || ++_periods >= PeriodsBeforeLess)
        {
            _periods = 0;
            _milliseconds = Math.Max(_least, _milliseconds - 1);
        }
    }
}
