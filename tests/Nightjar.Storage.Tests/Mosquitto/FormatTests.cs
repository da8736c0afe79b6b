using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>Formats 2 to 6 of <c>mosquitto.db</c>, with everything that each can say.</summary>
public sealed class FormatTests
{
    private readonly FakeTimeProvider _time = new();

    public static TheoryData<int> Formats => [2, 3, 4, 5, 6];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Database_OfEveryFormat_IsReadCompletely(int format)
    {
        using var file = new TemporaryFile(Full(format));
        var read = Description.Of(file.Path, _time);
        Assert.Empty(read.Remarks);

        var isNew = format >= 5;
        var user = format == 6 ? "anna" : "";
        Assert.Equal(
            [
                "client user=" + user + (isNew ? " interval=600 left=1799999400000" : " interval=4294967295 left=1767225600000"),
                "zwei user= interval=4294967295 left=1767225600000",
            ],
            read.Sessions);
        Assert.Equal(
            ["client a/+/c " + (isNew ? "46 77" : "2 0"), "zwei # 1 0", "zwei $share/g/x/y " + (isNew ? "0 5" : "0 0")],
            read.Subscriptions);
        Assert.Equal(["[r/1 = kept q1 r]"], read.Retained);
        var properties = isNew ? " 010126000161000162" : "";
        var expires = isNew ? " expires=1800000000000" : "";
        Assert.Equal(
            [
                $"client 1 qos=1 retain=False Sent 11{(isNew ? " #77" : "")} [a/b/c = one q1]",
                $"client 2 qos=2 retain=True Sent 12{(isNew ? " #77,5" : "")} [a/ä/c = two q2{properties}{expires}]",
                "client 3 qos=2 retain=False Received 13 -",
                "client 4 qos=2 retain=False Received 14 -",
                $"client 5 qos=2 retain=False Queued 0 [a/ä/c = two q2{properties}{expires}]",
                "client 6 qos=0 retain=False Queued 0 [q/0 =  q0]",
                "zwei 1 qos=1 retain=False Queued 0 [a/b/c = one q1]",
            ],
            read.Deliveries);
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    public void Sessions_OfOldFormats_HaveTimesOfTwoSizes(int format, int timeSize)
    {
        var writer = new DatabaseWriter(format);
        writer.Configuration();
        writer.Session("c", timeSize: timeSize);
        writer.Subscription("c", "t", 1);
        using var file = new TemporaryFile(writer.Bytes);
        Assert.Equal(["c t 1 0"], Description.Of(file.Path, _time).Subscriptions);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void UnreleasedMessage_IsPassedOnAndItsPacketIdWaits(int format)
    {
        var writer = new DatabaseWriter(format);
        writer.Configuration();
        writer.Message(1, "t/1", "queued", 1);
        writer.Message(2, "t/2", "unreleased", 2, source: "p");
        writer.Message(3, "t/3", "unreleased too", 2, retain: true, source: "p");
        writer.Message(4, "t/4", "released", 2, source: "p");
        foreach (var client in (string[])["p", "s", "m1", "m2"]) writer.Session(client);
        writer.Subscription("s", "t/+", 1);
        writer.Subscription("p", "t/2", (byte)(format >= 5 ? 2 | 4 : 2));
        writer.Subscription("m1", "$share/g/t/2", 2);
        writer.Subscription("m2", "$share/g/t/2", 2);
        writer.Delivery("s", 1, 5, 1, 11);
        // Awaiting PUBREL, not answered yet, and to be completed again.
        writer.Delivery("p", 2, 21, 2, 7, outgoing: false);
        writer.Delivery("p", 3, 22, 2, 10, outgoing: false);
        writer.Delivery("p", 4, 23, 2, 8, outgoing: false);
        using var file = new TemporaryFile(writer.Bytes);

        var read = Description.Of(file.Path, _time);

        Assert.Equal(["p 21", "p 22"], read.ReceivedIds);
        Assert.Equal(["[t/3 = unreleased too q2 r]"], read.Retained);
        List<string> expected =
        [
            "m1 1 qos=2 retain=False Queued 0 share=g:t/2 [t/2 = unreleased q2]",
            "s 1 qos=1 retain=False Queued 0 [t/1 = queued q1]",
            "s 2 qos=1 retain=False Queued 0 [t/2 = unreleased q2]",
            "s 3 qos=1 retain=False Queued 0 [t/3 = unreleased too q2 r]",
        ];
        // No Local came with MQTT 5.0.
        if (format < 5) expected.Insert(1, "p 1 qos=2 retain=False Queued 0 [t/2 = unreleased q2]");
        Assert.Equal(expected, read.Deliveries.OrderBy(line => line.Split(' ')[0], StringComparer.Ordinal));
    }

    [Fact]
    public void OddRecords_AreRemarked_AndTheRestIsRead()
    {
        var writer = new DatabaseWriter(6);
        writer.Configuration();
        writer.Chunk(77, [1, 2, 3]);
        writer.Message(1, "t", "m", 1);
        writer.Message(1, "t", "again", 1);
        writer.Session("ends", interval: 0);
        writer.Delivery("never described", 1, 4, 1, 3);
        writer.Delivery("never described", 1, 4, 1, 3);
        writer.Delivery("never described", 9, 5, 1, 3);
        writer.Retained(8);
        using var file = new TemporaryFile(writer.Bytes);

        var read = Description.Of(file.Path, _time);

        Assert.Equal(["never described user= interval=4294967295 left=1767225600000"], read.Sessions);
        Assert.Equal(
            ["never described 1 qos=1 retain=False Sent 4 [t = m q1]", "never described 2 qos=1 retain=False Queued 0 [t = m q1]"],
            read.Deliveries);
        Assert.Equal(6, read.Remarks.Count);
        Assert.Contains(read.Remarks, remark => remark.Contains("kind 77", StringComparison.Ordinal));
        Assert.Contains(read.Remarks, remark => remark.Contains("two messages of id 1", StringComparison.Ordinal));
        Assert.Contains(read.Remarks, remark => remark.Contains("client 'ends'", StringComparison.Ordinal));
        Assert.Contains(read.Remarks, remark => remark.Contains("packet id 4", StringComparison.Ordinal));
        Assert.Contains(read.Remarks, remark => remark.Contains("message 9", StringComparison.Ordinal));
        Assert.Contains(read.Remarks, remark => remark.Contains("message 8", StringComparison.Ordinal));
    }

    /// <summary>A file with everything in it.</summary>
    internal static byte[] Full(int format)
    {
        var writer = new DatabaseWriter(format);
        writer.Configuration();
        writer.Message(1, "a/b/c", "one", 1, source: "p", user: "u");
        writer.Message(2, "a/ä/c", "two", 2, source: "p", expires: 1_800_000_000, properties: [1, 1, 0x26, 0, 1, (byte)'a', 0, 1, (byte)'b']);
        writer.Message(3, "r/1", "kept", 1, retain: true);
        writer.Message(4, "q/0", "", 0);
        writer.Message(5, "nobody", "wants it", 1);
        writer.Session("client", "anna", 600, 1_800_000_000);
        writer.Session("zwei");
        writer.Delivery("client", 1, 11, 1, 3, dup: true, properties: [0x0B, 77]);
        writer.Delivery("client", 2, 12, 2, 5, retain: true, properties: [0x0B, 77, 0x0B, 5]);
        writer.Delivery("client", 2, 13, 2, 9);
        writer.Delivery("client", 2, 14, 2, 6);
        writer.Delivery("client", 2, 15, 2, 11);
        writer.Delivery("client", 4, 0, 0, 1);
        writer.Delivery("zwei", 1, 1, 1, 11);
        writer.Subscription("client", "a/+/c", 2 | 4 | 8 | 0x20, 77);
        writer.Subscription("zwei", "#", 1);
        writer.Subscription("zwei", "$share/g/x/y", 0, 5);
        writer.Retained(3);
        return writer.Bytes;
    }
}
