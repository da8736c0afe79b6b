using Nightjar.Storage.Sqlite.Interop;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite;

/// <summary>Copies what can be read of a damaged store into a new one, table by table, over the gaps.</summary>
/// <remarks>
/// Rows come in the order of their keys. Where a page cannot be read, the copy goes on behind the last key with growing strides, and then from the
/// end backwards, so that one bad page costs the rows on it and not those after it. Messages without a readable body are left out with their deliveries.
/// </remarks>
internal static class StoreSalvage
{
    private const long LongestStride = 1L << 40;

    // What a start would stumble over.
    private static readonly (string Table, string Condition)[] Impossible =
    [
        ("session", $"NOT {IsNumber("key")} OR NOT {IsNumber("since")} OR typeof(client_id)<>'text' OR instr(CAST(client_id AS BLOB), x'00') OR length(CAST(address AS BLOB)) NOT IN (4, 16, 20)"),
        ("delivery", $"NOT {IsNumber("id")} OR NOT {IsNumber("message")} OR NOT {IsNumber("number")} OR NOT typeof(mark)='integer' OR mark & 3=3 OR mark & 12=12 OR NOT size BETWEEN 0 AND {int.MaxValue}"),
        ("message", $"NOT {IsNumber("id")}"),
    ];

    /// <summary>Makes the new store.</summary>
    /// <returns>What was kept and what was lost, in words.</returns>
    internal static List<string> Run(string source, string target)
    {
        List<string> report = [];
        using var file = new StoreFile(target, identity: null, fault: null);
        SqliteConnection damaged;
        try
        {
            damaged = new SqliteConnection(source);
            if (StoreFormat.FormatOf(damaged) > StoreFormat.Current) throw new IOException($"{source}: of a newer version");
        }
        catch (IOException error)
        {
            report.Add($"{target}: nothing could be read ({error.Message}); the store is empty");
            return report;
        }

        using (damaged)
        {
            file.Begin(sync: true);
            Copy(damaged, file.Connection, "session", "key", 8, report);
            Copy(damaged, file.Connection, "subscription", "session", 4, report);
            Copy(damaged, file.Connection, "will", "session", 4, report);
            Copy(damaged, file.Connection, "received", "session", 2, report);
            Copy(damaged, file.Connection, "retained", null, 2, report);
            Copy(damaged, file.Connection, "message", "id", 2, report);
            Copy(damaged, file.Connection, "delivery", "id", 7, report);
            Clean(file.Connection, report);
            file.Commit();
        }

        return report;
    }

    private static void Copy(SqliteConnection source, SqliteConnection target, string table, string? key, int columns, List<string> report)
    {
        using var insert = target.Prepare($"INSERT OR REPLACE INTO {table} VALUES({string.Join(", ", Enumerable.Range(1, columns).Select(index => $"?{index}"))})");
        long rows = 0;
        var failures = 0;
        string? failure = null;
        long next = long.MinValue;
        for (long stride = 0; ;)
        {
            var from = next;
            var error = TryCopy(source, insert, table, $"SELECT * FROM {table}{(key is null ? "" : $" WHERE {key} >= {from} ORDER BY {key}")}", columns, key is not null, ref rows, ref next);
            if (error is null) break;
            failures++;
            failure = error;
            if (key is null || stride >= LongestStride) break;
            stride = next > from ? 1 : Math.Max(1, stride * 2);
            if (next == long.MinValue) next = 0;
            next += stride;
        }

        if (failure is not null && key is not null)
            TryCopy(source, insert, table, $"SELECT * FROM {table} WHERE {key} > {next} ORDER BY {key} DESC", columns, hasKey: false, ref rows, ref next);
        if (failure is not null) report.Add($"{table}: {rows} rows kept, parts are unreadable ({failure})");
        else if (rows > 0) report.Add($"{table}: {rows} rows kept");
    }

    private static string? TryCopy(SqliteConnection source, SqliteStatement insert, string table, string query, int columns, bool hasKey, ref long count, ref long next)
    {
        try
        {
            if (source.QueryText($"SELECT type FROM sqlite_master WHERE name='{table}'") != "table") return "it is no table";
            using var rows = source.Prepare(query);
            while (rows.Step())
            {
                for (var column = 0; column < columns; column++) rows.CopyTo(insert, column, column + 1);
                insert.Run();
                count++;
                if (hasKey) next = rows.Integer(0);
            }

            return null;
        }
        catch (SqliteException error)
        {
            return error.Message;
        }
    }

    // Bodies that fail their sum, deliveries without message, everything of sessions that are lost.
    private static void Clean(SqliteConnection target, List<string> report)
    {
        var texts = new TextCache();
        foreach (var (table, key) in ((string, string)[])[("message", "id"), ("will", "session"), ("retained", "topic")])
        {
            var bad = new List<byte[]>();
            using (var rows = target.Prepare($"SELECT CAST({key} AS BLOB), body FROM {table}"))
            {
                while (rows.Step())
                {
                    try
                    {
                        MessageCodec.Read(rows.Blob(1), 0, texts, table == "retained" ? rows.Blob(0) : default);
                    }
                    catch (DamagedRecordException)
                    {
                        bad.Add(rows.Blob(0).ToArray());
                    }
                }
            }

            using var delete = target.Prepare($"DELETE FROM {table} WHERE CAST({key} AS BLOB)=?1");
            foreach (var row in bad)
            {
                delete.Bind(1, row);
                delete.Run();
            }

            if (bad.Count > 0) report.Add($"{table}: {bad.Count} rows left out, which fail their check sum");
        }

        CleanExtras(target, report);
        foreach (var (table, condition) in Impossible) Delete(target, report, table, condition, "which nobody has written so");
        Delete(target, report, "delivery", "(message<>0 AND message NOT IN (SELECT id FROM message)) OR session NOT IN (SELECT key FROM session)");
        Delete(target, report, "subscription", "session NOT IN (SELECT key FROM session)");
        Delete(target, report, "will", "session NOT IN (SELECT key FROM session)");
        Delete(target, report, "received", "session NOT IN (SELECT key FROM session)");
        Delete(target, report, "message", "id NOT IN (SELECT message FROM delivery)");
    }

    private static void CleanExtras(SqliteConnection target, List<string> report)
    {
        var bad = new List<long>();
        using (var rows = target.Prepare("SELECT id, mark, extra FROM delivery WHERE extra IS NOT NULL"))
        {
            while (rows.Step())
            {
                try
                {
                    DeliveryExtra.Read(0, new DeliveryMark(rows.Integer(1)), rows.Blob(2));
                }
                catch (DamagedRecordException)
                {
                    bad.Add(rows.Integer(0));
                }
            }
        }

        foreach (var row in bad) target.Execute($"DELETE FROM delivery WHERE id={row}");
        if (bad.Count > 0) report.Add($"delivery: {bad.Count} rows left out, which nobody has written so");
    }

    private static string IsNumber(string column) => $"(typeof({column})='integer' AND {column} BETWEEN 0 AND {RowValue.Highest - 1})";

    private static void Delete(SqliteConnection target, List<string> report, string table, string condition, string why = "which belong to nothing that is left")
    {
        target.Execute($"DELETE FROM {table} WHERE {condition}");
        var count = target.QueryInteger("SELECT changes()");
        if (count > 0) report.Add($"{table}: {count} rows left out, {why}");
    }
}
