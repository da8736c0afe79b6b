namespace Nightjar.Storage.Mosquitto;

/// <summary>What a file holds, but for the messages themselves. Filled by a reader in the order of the file.</summary>
internal sealed class MosquittoContent
{
    private const int MaximumRemarks = 100;
    private readonly Dictionary<string, MosquittoSession> _byClientId = new(StringComparer.Ordinal);
    private readonly List<string> _remarks = [];
    private int _furtherRemarks;

    /// <summary>In the order of the file.</summary>
    internal List<MosquittoSession> Sessions { get; } = [];

    /// <summary>Ids of the retained messages.</summary>
    internal List<long> Retained { get; } = [];

    /// <summary>What was odd and is left out or changed, each in a sentence.</summary>
    internal IReadOnlyList<string> Remarks => _furtherRemarks == 0 ? _remarks : [.. _remarks, $"And {_furtherRemarks} more of the kind."];

    /// <summary>The session of a client id; made where the file speaks of it before it describes it, or never does.</summary>
    internal MosquittoSession SessionOf(string clientId)
    {
        if (_byClientId.TryGetValue(clientId, out var session)) return session;
        session = new MosquittoSession(Sessions.Count + 1, clientId);
        _byClientId.Add(clientId, session);
        Sessions.Add(session);
        return session;
    }

    /// <summary>The session of a client id; null when nothing spoke of it.</summary>
    internal MosquittoSession? Find(string clientId) => _byClientId.GetValueOrDefault(clientId);

    internal void Remark(string sentence)
    {
        if (_remarks.Count < MaximumRemarks) _remarks.Add(sentence);
        else _furtherRemarks++;
    }
}
