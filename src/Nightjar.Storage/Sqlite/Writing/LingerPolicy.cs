using Nightjar.Storage.Sqlite.Log;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>
/// How long a batch waits for more. It follows what waiting would have gained: deliveries that were over one batch after they had been written
/// lengthen it by a step; batches without any, in which nothing was absorbed either, shorten it. Where nobody waits for the commit, it is long.
/// </summary>
internal struct LingerPolicy
{
    private const int Unhurried = 50;
    private const int Longest = 20;
    private readonly int _longest;
    private readonly int _least;
    private int _milliseconds;

    internal LingerPolicy(SqliteStoreOptions options)
    {
        _least = options.Sync == SqliteSync.Autosave ? Unhurried : 0;
        _longest = Math.Max(_least, (int)Math.Clamp(options.LongestLinger.TotalMilliseconds, 0, Longest));
        _milliseconds = _least;
    }

    /// <summary>The wait at present, in milliseconds.</summary>
    internal readonly int Milliseconds => _milliseconds;

    internal readonly void Wait(RecordLog log)
    {
        if (_milliseconds > 0) log.Linger(_milliseconds);
    }

    internal void Observe(WriteBatch batch)
    {
        var over = batch.Missed + batch.AbsorbedDeliveries;
        if (batch.Missed * 8 > batch.Deliveries.Length && batch.Missed > 0) _milliseconds = Math.Min(_longest, _milliseconds + 1);
        else if (over == 0 && batch.Deliveries.Length > 0) _milliseconds = Math.Max(_least, _milliseconds - 1);
    }
}
