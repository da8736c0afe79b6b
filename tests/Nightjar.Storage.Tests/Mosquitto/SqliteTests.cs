using Nightjar.Storage.Mosquitto;
using Nightjar.Testing;
using SQLitePCL;
using Xunit;

namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>What the samples of <c>mosquitto.sqlite3</c> do not show: wills, states, numbers in place of topics, files that are not what they say.</summary>
public sealed class SqliteTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void WillsStatesAndNames_AreRead()
    {
        using var file = Changed("""
            UPDATE clients SET username = 'anna', will_delay_interval = 30, will_delay_time = 1795180530 WHERE client_id = 'durable-v5';
            INSERT INTO wills VALUES('durable-v5', x'676F6E65', 'w/1', 4, 1, 1, '[{"identifier":"message-expiry-interval","value":60},{"identifier":"user-property","name":"k","value":"v"}]');
            UPDATE client_msgs SET state = 3 WHERE client_id = 'durable-v5' AND mid = 1;
            UPDATE client_msgs SET state = 5, dup = 1, subscription_identifier = 9 WHERE client_id = 'durable-v5' AND mid = 2;
            UPDATE client_msgs SET state = 9 WHERE client_id = 'durable-v5' AND mid = 4;
            INSERT INTO client_msgs VALUES('durable-v5', 7, 1325502758129344, 0, 0, 44, 2, 0, 7, 0);
            UPDATE subscriptions SET subscription_options = 38, subscription_identifier = 12 WHERE topic = 'plant/#';
            """);
        var read = Description.Of(file.Path, _time);
        Assert.Contains("durable-v5 user=anna interval=4294967295 left=1795180500000", read.Sessions);
        Assert.Equal(["durable-v5 [w/1 = gone q1 r 2600016B000176] delay=30 expiry=60"], read.Wills);
        Assert.Contains("durable-v5 plant/# 38 12", read.Subscriptions);
        Assert.Contains("durable-v5 1 qos=1 retain=False Sent 1 [plant/a/temp = q1-1 q1]", read.Deliveries);
        Assert.Contains("durable-v5 2 qos=2 retain=False Sent 2 #9 [plant/b/temp = q2-1 q2]", read.Deliveries);
        Assert.Contains("durable-v5 4 qos=2 retain=False Received 4 -", read.Deliveries);
        // Received and not released: passed on to who subscribes to it.
        Assert.Contains("durable-v311 8 qos=1 retain=False Queued 0 [alarm/fire = wärme äöü ✓ q1]", read.Deliveries);
        Assert.Equal(["durable-v5 44"], read.ReceivedIds);
    }

    [Fact]
    public void TopicThatLooksLikeANumber_IsRemarked()
    {
        using var file = Changed("INSERT INTO base_msgs VALUES(5, 0, '007', x'41', 'p', NULL, 1, 1, 1, 1, 1, NULL); INSERT INTO retains VALUES('007', 5);");
        var read = Description.Of(file.Path, _time);
        Assert.Contains("[7 = A q1 r]", read.Retained);
        Assert.Contains("topic '7' is kept as a number", Assert.Single(read.Remarks), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE version_info SET major = 2", "schema 2.1.0 is not known")]
    [InlineData("DELETE FROM version_info", "the version of the schema is missing")]
    [InlineData("DROP TABLE client_msgs", "table client_msgs is missing")]
    [InlineData("DROP TABLE base_msgs", "these are not the tables of Mosquitto's SQLite plugin")]
    [InlineData("DROP TABLE retains; CREATE VIEW retains AS WITH RECURSIVE n(topic, store_id) AS (VALUES('x', 1) UNION ALL SELECT topic, store_id + 1 FROM n) SELECT * FROM n", "table retains is missing")]
    [InlineData("UPDATE base_msgs SET topic = 'a/+' WHERE topic = 'orders/1'", "table base_msgs, row 8: the topic name is not valid")]
    [InlineData("UPDATE base_msgs SET qos = 3 WHERE topic = 'orders/1'", "table base_msgs, row 8: qos is 3, 0 to 2 are possible")]
    [InlineData("UPDATE base_msgs SET qos = 'high' WHERE topic = 'orders/1'", "table base_msgs, row 8: qos is no whole number")]
    [InlineData("UPDATE base_msgs SET payloadlen = 5 WHERE topic = 'orders/1'", "table base_msgs, row 8: the payload has 7 bytes")]
    [InlineData("UPDATE base_msgs SET properties = '[{' WHERE topic = 'orders/1'", "table base_msgs, row 8: the properties cannot be read")]
    [InlineData("UPDATE base_msgs SET properties = '[{\"identifier\":\"x\",\"value\":1}]' WHERE topic = 'orders/1'", "the property 'x' is not known")]
    [InlineData("UPDATE client_msgs SET state = 12 WHERE rowid = 3", "table client_msgs, row 3: state is 12, 0 to 11 are possible")]
    [InlineData("UPDATE subscriptions SET topic = 'a#' WHERE topic = 'alarm/#'", "the topic filter 'a#' is not valid")]
    public void WrongContent_IsNamed(string sql, string what)
    {
        using var file = Changed(sql);
        var exception = Assert.Throws<StoreFileException>(() => Description.Of(file.Path, _time));
        Assert.Contains(what, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith(file.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SampleFile_IsNotChanged_AndNothingIsLeftBesideIt()
    {
        using var file = Changed("PRAGMA user_version = 1");
        var before = File.ReadAllBytes(file.Path);
        Description.Of(file.Path, _time);
        Assert.Equal(before, File.ReadAllBytes(file.Path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file.Path)!, Path.GetFileName(file.Path) + "*"));
    }

    // The sample after some statements.
    private static TemporaryFile Changed(string sql)
    {
        Batteries_V2.Init();
        var file = new TemporaryFile(File.ReadAllBytes(SampleTests.Sample("mosquitto-2.1.sqlite3")));
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(file.Path, out var database));
        using (database)
        {
            raw.sqlite3_exec(database, "PRAGMA journal_mode = DELETE");
            var result = raw.sqlite3_exec(database, sql, out var error);
            Assert.True(result == raw.SQLITE_OK, error);
        }

        return file;
    }
}
