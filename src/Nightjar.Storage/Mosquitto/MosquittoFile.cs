using Nightjar.Broker.Persistence;

namespace Nightjar.Storage.Mosquitto;

/// <summary>A store of Mosquitto: <c>mosquitto.db</c> of the broker, or <c>mosquitto.sqlite3</c> of its persistence plugin. Only read, never changed.</summary>
/// <remarks>Not for several threads. Memory: sessions, subscriptions and deliveries; a message is read when it is handed over.</remarks>
internal abstract class MosquittoFile : IRecoverableStore, IMosquittoMessages, IDisposable
{
    private readonly TimeProvider _time;

    private protected MosquittoFile(string path, TimeProvider time)
    {
        Path = path;
        _time = time;
    }

    /// <summary>As it was given.</summary>
    internal string Path { get; }

    /// <summary>What kind of file it is, in words.</summary>
    internal abstract string Format { get; }

    public abstract int Count { get; }

    /// <summary>What is in it.</summary>
    internal MosquittoContent Content { get; } = new();

    /// <summary>What was odd, each in a sentence; complete after <see cref="Recover"/>.</summary>
    internal IReadOnlyList<string> Remarks => Content.Remarks;

    /// <summary>Opens a file of either kind and reads everything but the messages.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">Tells since when a session is disconnected whose file does not say it: since now.</param>
    /// <exception cref="StoreFileException">It is neither, or damaged; the message says where.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static MosquittoFile Open(string path, TimeProvider time) => KindOf(path) switch
    {
        MosquittoFileKind.Database => MosquittoDatabase.Open(path, time),
        MosquittoFileKind.Sqlite => MosquittoSqlite.Open(path, time),
        _ => throw StoreFileException.At(path, 0, "this is neither a mosquitto.db nor an SQLite file."),
    };

    /// <summary>Tells the kind by the first bytes.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static MosquittoFileKind KindOf(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> start = stackalloc byte[16];
        start = start[..RandomAccess.Read(handle, start, 0)];
        if (start.StartsWith(MosquittoDatabase.Magic)) return MosquittoFileKind.Database;
        return start.SequenceEqual("SQLite format 3\0"u8) ? MosquittoFileKind.Sqlite : MosquittoFileKind.Other;
    }

    public abstract bool Contains(long id);

    public abstract MosquittoMessage Read(long id);

    public void Recover(IRecoverySink sink) => new MosquittoRecovery(Content, this, _time).Run(sink);

    public abstract void Dispose();
}
