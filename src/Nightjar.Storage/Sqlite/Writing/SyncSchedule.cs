namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>When the disk has to follow what was committed. The writer's thread only.</summary>
internal sealed class SyncSchedule
{
    private readonly TimeProvider _time;
    private readonly bool _always;
    private readonly long _interval;
    private readonly long _mostChanges;
    private long _since;
    private long _changes;
    private bool _hasUnsynced;

    internal SyncSchedule(SqliteStoreOptions options)
    {
        _time = options.Time;
        _always = options.Sync == SqliteSync.Always;
        var interval = options.Sync == SqliteSync.Interval ? options.SyncInterval : options.AutosaveInterval;
        _mostChanges = options.Sync == SqliteSync.Autosave ? options.AutosaveChanges : 0;
        // Changes stand in place of the time, as they do in Mosquitto.
        _interval = interval <= TimeSpan.Zero || _mostChanges > 0 ? long.MaxValue : (long)interval.TotalMilliseconds;
    }

    /// <summary>Whether the next commit is synced.</summary>
    internal bool IsDue => _always || (_hasUnsynced && (Elapsed >= _interval || (_mostChanges > 0 && _changes >= _mostChanges)));

    /// <summary>Milliseconds until something has to be synced even if nothing more comes; -1 for never, 0 for now.</summary>
    internal int Remaining =>
        !_hasUnsynced ? -1 : IsDue ? 0 : _interval == long.MaxValue ? -1 : (int)Math.Min(int.MaxValue, _interval - Elapsed);

    private long Elapsed => (long)_time.GetElapsedTime(_since).TotalMilliseconds;

    /// <summary>A commit is done.</summary>
    /// <param name="changes">Records in it.</param>
    /// <param name="synced">Whether it was synced, and with it all before.</param>
    internal void Committed(long changes, bool synced)
    {
        if (synced)
        {
            _hasUnsynced = false;
            _changes = 0;
            return;
        }

        if (!_hasUnsynced) _since = _time.GetTimestamp();
        _hasUnsynced = true;
        _changes += changes;
    }
}
