namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>Where a delivery of a session is in the file.</summary>
internal struct QueueEntry
{
    /// <summary>Number of the delivery in its session.</summary>
    internal long Number;

    /// <summary>Its row; 0 when it is over.</summary>
    internal long Row;

    /// <summary>Row of its message; 0 when that is no longer needed.</summary>
    internal long Message;
}
