namespace Nightjar.Storage.Mosquitto;

/// <summary>The messages of a file, read when they are asked for: there may be more of them than fit in memory.</summary>
internal interface IMosquittoMessages
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Whether there is one of this id.</summary>
    bool Contains(long id);

    /// <summary>Reads one that is there.</summary>
    /// <exception cref="StoreFileException">It is damaged.</exception>
    MosquittoMessage Read(long id);
}
