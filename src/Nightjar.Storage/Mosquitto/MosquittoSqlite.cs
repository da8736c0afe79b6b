using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Storage.Mosquitto;

/// <summary>
/// A <c>mosquitto.sqlite3</c>, written by the SQLite persistence plugin of Mosquitto 2.1 (schema 1.1). Checked as a whole by SQLite when it is
/// opened; messages are read one by one.
/// </summary>
internal sealed class MosquittoSqlite : MosquittoFile
{
    private const string MessageColumns = "SELECT store_id, expiry_time, topic, payload, source_id, source_username, payloadlen, qos, retain, properties FROM base_msgs";

    private static readonly string[] Tables = ["version_info", "base_msgs", "retains", "clients", "subscriptions", "client_msgs", "wills"];
    private readonly SqliteFile _file;
    private readonly HashSet<long> _ids = [];
    private SqliteRows? _one;
    private string _schema = "";

    private MosquittoSqlite(SqliteFile file, TimeProvider time)
        : base(file.Path, time) => _file = file;

    public override int Count => _ids.Count;

    internal override string Format => $"mosquitto.sqlite3, schema {_schema}";

    /// <summary>Whether an SQLite file has the plugin's tables.</summary>
    internal static bool IsSuch(SqliteFile file) => file.HasTable("version_info") && file.HasTable("base_msgs");

    /// <summary>Opens a file and reads everything but the messages, which it checks.</summary>
    /// <exception cref="StoreFileException">It is damaged, or of another program.</exception>
    internal static new MosquittoSqlite Open(string path, TimeProvider time)
    {
        var database = new MosquittoSqlite(SqliteFile.Open(path), time);
        try
        {
            database.ReadAll();
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public override bool Contains(long id) => _ids.Contains(id);

    public override MosquittoMessage Read(long id)
    {
        _one ??= _file.Query(MessageColumns + " WHERE store_id = ?1", "table base_msgs");
        _one.Reset();
        _one.Bind(1, id);
        return _one.Next() ? MessageOf(_one) : throw _one.Damage($"message {id} was there a moment ago: the file is being changed.");
    }

    public override void Dispose()
    {
        _one?.Dispose();
        _file.Dispose();
    }

    private void ReadAll()
    {
        if (!IsSuch(_file)) throw new StoreFileException(Path, "the schema", "these are not the tables of Mosquitto's SQLite plugin.");
        _file.CheckIntegrity();
        ReadSchema();
        if (Tables.FirstOrDefault(table => !_file.HasTable(table)) is { } missing && missing != "wills")
            throw new StoreFileException(Path, "the schema", $"table {missing} is missing.");
        ReadMessages();
        ReadSessions();
        ReadSubscriptions();
        ReadDeliveries();
        using (var rows = _file.Query("SELECT store_id FROM retains ORDER BY rowid", "table retains"))
        {
            while (rows.Next()) Content.Retained.Add(rows.Number(0, "store_id", long.MinValue, long.MaxValue));
        }

        // Schema 1.0 had no wills.
        if (_file.HasTable("wills")) ReadWills();
    }

    private void ReadSchema()
    {
        using var rows = _file.Query("SELECT major, minor, patch FROM version_info WHERE component = 'database_schema'", "table version_info");
        if (!rows.Next()) throw rows.Damage("the version of the schema is missing.");
        var major = rows.Number(0, "major", 0, 1000);
        _schema = $"{major}.{rows.Number(1, "minor", 0, 1000)}.{rows.Number(2, "patch", 0, 1000)}";
        if (major != 1) throw rows.Damage($"schema {_schema} is not known, 1 is.");
    }

    private void ReadMessages()
    {
        using var rows = _file.Query(MessageColumns, "table base_msgs");
        while (rows.Next())
        {
            var message = MessageOf(rows);
            if (!_ids.Add(message.Id)) throw rows.Damage($"there are two messages of id {message.Id}.");
            if (rows.IsNumber(2))
                Content.Remark($"topic '{Encoding.UTF8.GetString(message.TopicName)}' is kept as a number by Mosquitto's plugin; if it was written otherwise (007, 1.50), that is lost.");
        }
    }

    private static MosquittoMessage MessageOf(SqliteRows rows)
    {
        var topic = rows.Bytes(2).ToArray();
        if (!TopicName.IsValid(topic)) throw rows.Damage("the topic name is not valid.");
        var payload = rows.Bytes(3).ToArray();
        if (rows.Number(6, "payloadlen", 0, uint.MaxValue) != payload.Length) throw rows.Damage($"the payload has {payload.Length} bytes, and payloadlen says otherwise.");
        var encoded = JsonProperties.Encode(rows.Bytes(9), out var error);
        if (error is not null) throw rows.Damage(error);
        var properties = PropertyCheck.Forwardable(encoded, out error);
        if (error is not null) throw rows.Damage(error);
        return new MosquittoMessage
        {
            Id = rows.Number(0, "store_id", long.MinValue, long.MaxValue),
            TopicName = topic,
            Properties = properties,
            Payload = payload,
            QoS = (byte)rows.Number(7, "qos", 0, 2),
            Retain = rows.Number(8, "retain", 0, 1) != 0,
            ExpiresAt = rows.Number(1, "expiry_time", 0, MosquittoMessage.LatestTime),
            SourceId = rows.Text(4),
            SourceUserName = rows.Text(5),
        };
    }

    private void ReadSessions()
    {
        using var rows = _file.Query("SELECT client_id, username, session_expiry_interval, session_expiry_time, will_delay_time, will_delay_interval FROM clients ORDER BY rowid", "table clients");
        while (rows.Next())
        {
            var session = Content.SessionOf(ClientId(rows));
            session.UserName = rows.Text(1);
            // The plugin writes unsigned numbers as signed ones.
            session.ExpiryInterval = (uint)rows.Number(2, "session_expiry_interval", int.MinValue, uint.MaxValue);
            var expires = rows.Number(3, "session_expiry_time", 0, MosquittoMessage.LatestTime);
            var willAt = rows.Number(4, "will_delay_time", 0, MosquittoMessage.LatestTime);
            var willDelay = (uint)rows.Number(5, "will_delay_interval", int.MinValue, uint.MaxValue);
            if (expires > 0 && session.ExpiryInterval != uint.MaxValue) session.LeftAt = Math.Max(expires - session.ExpiryInterval, 1);
            else if (willAt > 0) session.LeftAt = Math.Max(willAt - willDelay, 1);
        }
    }

    private void ReadSubscriptions()
    {
        using var rows = _file.Query("SELECT client_id, topic, subscription_options, subscription_identifier FROM subscriptions ORDER BY rowid", "table subscriptions");
        while (rows.Next())
        {
            var filter = rows.Bytes(1).ToArray();
            if (!TopicFilter.IsValid(filter)) throw rows.Damage($"the topic filter '{Encoding.UTF8.GetString(filter)}' is not valid.");
            var options = (byte)rows.Number(2, "subscription_options", 0, 0x3F);
            if ((options & 3) == 3 || (options >> 4) == 3) throw rows.Damage($"the subscription options 0x{options:X2} are not valid.");
            var identifier = (uint)rows.Number(3, "subscription_identifier", 0, VariableByteInteger.MaximumValue);
            Content.SessionOf(ClientId(rows)).Subscriptions.Add(new MosquittoSubscription(filter, options, identifier));
        }
    }

    private void ReadDeliveries()
    {
        using var rows = _file.Query("SELECT client_id, store_id, direction, mid, qos, retain, state, subscription_identifier FROM client_msgs ORDER BY rowid", "table client_msgs");
        while (rows.Next())
        {
            var session = Content.SessionOf(ClientId(rows));
            var identifier = (uint)rows.Number(7, "subscription_identifier", 0, VariableByteInteger.MaximumValue);
            var delivery = new MosquittoDelivery(
                rows.Number(1, "store_id", long.MinValue, long.MaxValue),
                (ushort)rows.Number(3, "mid", 0, ushort.MaxValue),
                (byte)rows.Number(4, "qos", 0, 2),
                rows.Number(5, "retain", 0, 1) != 0,
                (MosquittoState)rows.Number(6, "state", 0, (long)MosquittoState.Queued),
                identifier == 0 ? null : [identifier]);
            (rows.Number(2, "direction", 0, 1) == 0 ? session.Incoming : session.Outgoing).Add(delivery);
        }
    }

    private void ReadWills()
    {
        var delays = new Dictionary<string, uint>(StringComparer.Ordinal);
        using (var rows = _file.Query("SELECT client_id, will_delay_interval FROM clients", "table clients"))
        {
            while (rows.Next()) delays[ClientId(rows)] = (uint)rows.Number(1, "will_delay_interval", int.MinValue, uint.MaxValue);
        }

        using var wills = _file.Query("SELECT client_id, payload, topic, payloadlen, qos, retain, properties FROM wills ORDER BY rowid", "table wills");
        while (wills.Next()) ReadWill(wills, delays);
    }

    private void ReadWill(SqliteRows rows, Dictionary<string, uint> delays)
    {
        var session = Content.SessionOf(ClientId(rows));
        var topic = rows.Bytes(2).ToArray();
        if (!TopicName.IsValid(topic)) throw rows.Damage("the topic name is not valid.");
        var encoded = JsonProperties.Encode(rows.Bytes(6), out var error);
        if (error is not null) throw rows.Damage(error);
        var properties = PropertyCheck.ForwardableOfWill(encoded, out var expiryInterval, out error);
        if (error is not null) throw rows.Damage(error);
        var message = new MosquittoMessage
        {
            Id = 0,
            TopicName = topic,
            Properties = properties,
            Payload = rows.Bytes(1).ToArray(),
            QoS = (byte)rows.Number(4, "qos", 0, 2),
            Retain = rows.Number(5, "retain", 0, 1) != 0,
            SourceId = session.ClientId,
            SourceUserName = session.UserName,
        };
        session.Will = new MosquittoWill(message, delays.GetValueOrDefault(session.ClientId), expiryInterval);
    }

    private static string ClientId(SqliteRows rows) => rows.Text(0) ?? throw rows.Damage("the client id is empty.");
}
