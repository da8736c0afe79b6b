namespace Nightjar.Storage.Mosquitto;

/// <summary>What a file's first bytes say it is.</summary>
internal enum MosquittoFileKind
{
    Other,

    /// <summary><c>mosquitto.db</c>.</summary>
    Database,

    /// <summary>A file of SQLite: <c>mosquitto.sqlite3</c>, ours, or of anybody else.</summary>
    Sqlite,
}
