using Nightjar.Broker.Persistence;
using Nightjar.Storage.Mosquitto;

namespace Nightjar.Storage.Inspection;

/// <summary>A store in a file, opened to look into it: ours, a <c>mosquitto.db</c> or a <c>mosquitto.sqlite3</c>. Never changed.</summary>
public sealed class StoreView : IDisposable
{
    private readonly MosquittoFile? _mosquitto;
    private readonly OwnStoreReader? _own;

    private StoreView(MosquittoFile? mosquitto, OwnStoreReader? own)
    {
        _mosquitto = mosquitto;
        _own = own;
    }

    /// <summary>What kind of file it is, in words.</summary>
    public string Format => _mosquitto?.Format ?? $"store of Nightjar, format {_own!.Format}";

    /// <summary>Whether Mosquitto wrote it.</summary>
    public bool IsMosquitto => _mosquitto is not null;

    internal IRecoverableStore Content => (IRecoverableStore?)_mosquitto ?? _own!;

    /// <summary>What was odd so far, each in a sentence.</summary>
    public IReadOnlyList<string> Remarks => _mosquitto?.Remarks ?? [];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">Tells since when a session counts as left whose file does not say it; null for the system's clock.</param>
    /// <exception cref="IOException">It cannot be read, is damaged, or is no store; the message says where and what.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static StoreView Open(string path, TimeProvider? time = null) =>
        MosquittoFile.KindOf(path) == MosquittoFileKind.Sqlite && !IsMosquittoSqlite(path)
            ? new StoreView(null, OwnStoreReader.Open(path))
            : new StoreView(MosquittoFile.Open(path, time ?? TimeProvider.System), null);

    /// <summary>Looks through all of it.</summary>
    /// <param name="checksPages">Whether every page of the file is checked too, which takes longer; Mosquitto's are always.</param>
    /// <exception cref="IOException">It cannot be read on; the message says where and what.</exception>
    public StoreSummary Survey(bool checksPages = false)
    {
        var pages = checksPages && _own is not null ? _own.CheckPages() : [];
        var survey = new StoreSurvey();
        Content.Recover(survey);
        survey.Finish();
        return new StoreSummary(survey.Counts, survey.Longest(10), [.. pages, .. survey.Problems], Remarks);
    }

    /// <summary>Writes everything in it, a line a thing.</summary>
    /// <param name="output">Takes UTF-8.</param>
    /// <param name="asJson">A JSON object a line; otherwise for people.</param>
    /// <exception cref="IOException">It cannot be read on, or written to.</exception>
    public void Dump(Stream output, bool asJson)
    {
        using var dump = new StoreDump(output, asJson);
        Content.Recover(dump);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mosquitto?.Dispose();
        _own?.Dispose();
    }

    // Our own file may be in use, or have a log that its own reader deals with; only Mosquitto's is opened here.
    private static bool IsMosquittoSqlite(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // Bytes 68 to 71 of an SQLite file name the application: ours names itself, the plugin's does not.
        Span<byte> id = stackalloc byte[4];
        if (RandomAccess.Read(handle, id, 68) == 4 && System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(id) == Sqlite.StoreFormat.ApplicationId) return false;
        using var file = SqliteFile.Open(path);
        return MosquittoSqlite.IsSuch(file);
    }
}
