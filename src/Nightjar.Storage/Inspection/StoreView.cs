using Nightjar.Broker.Persistence;
using Nightjar.Storage.Mosquitto;

namespace Nightjar.Storage.Inspection;

/// <summary>A store in a file, opened to look into it: ours, a <c>mosquitto.db</c> or a <c>mosquitto.sqlite3</c>. Never changed.</summary>
public sealed class StoreView : IDisposable
{
    private readonly MosquittoFile _file;

    private StoreView(MosquittoFile file) => _file = file;

    /// <summary>What kind of file it is, in words.</summary>
    public string Format => _file.Format;

    internal IRecoverableStore Content => _file;

    internal IReadOnlyList<string> Remarks => _file.Remarks;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock that tells what has expired; null for the system's.</param>
    /// <exception cref="IOException">It cannot be read, is damaged, or is no store; the message says where and what.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static StoreView Open(string path, TimeProvider? time = null) => new(MosquittoFile.Open(path, time ?? TimeProvider.System));

    /// <summary>Looks through all of it.</summary>
    /// <exception cref="IOException">It cannot be read on; the message says where and what.</exception>
    public StoreSummary Survey()
    {
        var survey = new StoreSurvey();
        Content.Recover(survey);
        survey.Finish();
        return new StoreSummary(survey.Counts, survey.Longest(10), survey.Problems, Remarks);
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
    public void Dispose() => _file.Dispose();
}
