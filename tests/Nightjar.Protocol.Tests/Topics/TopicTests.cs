using System.Text;
using Nightjar.Testing.Conformance;
using Xunit;

namespace Nightjar.Protocol.Tests.Topics;

public sealed class TopicTests
{
    [Theory]
    [Statement("MQTT-4.7.1-1")]
    [Statement("MQTT-4.7.1-2 v3.1.1")]
    [InlineData("#", true)]
    [InlineData("a/#", true)]
    [InlineData("/#", true)]
    [InlineData("a/b/c/#", true)]
    [InlineData("a#", false)]
    [InlineData("a/b#", false)]
    [InlineData("#/a", false)]
    [InlineData("a/#/b", false)]
    [InlineData("##", false)]
    [InlineData("a/##", false)]
    [InlineData("#a", false)]
    public void Filter_MultiLevelWildcard_AloneAndLast(string filter, bool valid) => AssertFilter(filter, valid);

    [Theory]
    [Statement("MQTT-4.7.1-2")]
    [Statement("MQTT-4.7.1-3 v3.1.1")]
    [InlineData("+", true)]
    [InlineData("+/a", true)]
    [InlineData("a/+", true)]
    [InlineData("a/+/b", true)]
    [InlineData("+/+/+", true)]
    [InlineData("/+", true)]
    [InlineData("+/#", true)]
    [InlineData("a+", false)]
    [InlineData("+a", false)]
    [InlineData("a/+b/c", false)]
    [InlineData("a/b+/c", false)]
    [InlineData("++", false)]
    [InlineData("+#", false)]
    public void Filter_SingleLevelWildcard_FillsItsLevel(string filter, bool valid) => AssertFilter(filter, valid);

    [Theory]
    [Statement("MQTT-4.8.2-1")]
    [InlineData("$share/g/a", true)]
    [InlineData("$share/g/#", true)]
    [InlineData("$share/g/+/b", true)]
    [InlineData("$share/g//", true)]
    [InlineData("$share//a", false)]
    [InlineData("$share/", false)]
    [InlineData("$share/g/a#", false)]
    [InlineData("$share/g/#/a", false)]
    [InlineData("$share", true)]
    [InlineData("$shared/a", true)]
    [InlineData("$SHARE//a", true)]
    public void Filter_Shared_HasAName(string filter, bool valid) => AssertFilter(filter, valid);

    [Theory]
    [Statement("MQTT-4.8.2-2")]
    [InlineData("$share/g", false)]
    [InlineData("$share/g/", false)]
    [InlineData("$share/+/a", false)]
    [InlineData("$share/#/a", false)]
    [InlineData("$share/g+/a", false)]
    [InlineData("$share/g#x/a", false)]
    [InlineData("$share/#", false)]
    public void Filter_Shared_NameWithoutWildcardsAndFilterBehind(string filter, bool valid) => AssertFilter(filter, valid);

    [Fact]
    public void SharedSubscription_Parsed_GivesItsParts()
    {
        Assert.True(SharedSubscription.TryParse("$share/group/a/+/#"u8, out SharedSubscription shared));
        Assert.True(shared.ShareName.SequenceEqual("group"u8));
        Assert.True(shared.TopicFilter.SequenceEqual("a/+/#"u8));
        Assert.False(SharedSubscription.TryParse("a/b"u8, out _));
        Assert.False(SharedSubscription.IsShared("$share"u8));
    }

    [Theory]
    [Statement("MQTT-4.7.0-1")]
    [Statement("MQTT-4.7.1-1 v3.1.1")]
    [InlineData("a", true)]
    [InlineData("/", true)]
    [InlineData("a b/ c", true)]
    [InlineData("$SYS/x", true)]
    [InlineData("+", false)]
    [InlineData("a/#", false)]
    [InlineData("a/b+c", false)]
    [InlineData("a/long/enough/topic/name/for/vectors/#", false)]
    [InlineData("a/long/enough/topic+/name/for/vectors", false)]
    public void Name_WithWildcard_Invalid(string name, bool valid) =>
        Assert.Equal(valid, TopicName.IsValid(Encoding.UTF8.GetBytes(name)));

    [Fact]
    [Statement("MQTT-4.7.3-1")]
    [Statement("MQTT-4.7.3-1 v3.1.1")]
    public void Topic_Empty_Invalid()
    {
        Assert.False(TopicName.IsValid(default));
        Assert.False(TopicFilter.IsValid(default));
    }

    [Fact]
    [Statement("MQTT-4.7.3-3")]
    [Statement("MQTT-4.7.3-3 v3.1.1")]
    public void Topic_LongerThan65535_Invalid()
    {
        byte[] longest = [.. Enumerable.Repeat((byte)'a', 65_535)];
        Assert.True(TopicName.IsValid(longest));
        Assert.True(TopicFilter.IsValid(longest));
        Assert.False(TopicName.IsValid([.. longest, (byte)'a']));
        Assert.False(TopicFilter.IsValid([.. longest, (byte)'a']));
    }

    [Fact]
    public void Topic_TooManyLevels_Invalid()
    {
        Assert.Equal(3, TopicName.CountLevels("a//b"u8));
        Assert.True(TopicName.IsValid("a/b/c"u8, 3));
        Assert.False(TopicName.IsValid("a/b/c"u8, 2));
        Assert.True(TopicFilter.IsValid("a/+/#"u8, 3));
        Assert.False(TopicFilter.IsValid("a/+/#"u8, 2));
        Assert.False(TopicFilter.IsValid([.. Enumerable.Repeat((byte)'/', 65_535)], 200));
    }

    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/b/c", false)]
    [InlineData("a/b/c", "a/b", false)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "a/b/c", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("+/#", "a", true)]
    [InlineData("a/+/#", "a", false)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("a/+/b", "a//b", true)]
    public void Matches_AsTheSpecificationSays(string filter, string name, bool expected) => AssertMatch(filter, name, expected);

    [Theory]
    [Statement("MQTT-4.7.2-1")]
    [Statement("MQTT-4.7.2-1 v3.1.1")]
    [InlineData("#", "$SYS/monitor", false)]
    [InlineData("+/monitor", "$SYS/monitor", false)]
    [InlineData("$SYS/#", "$SYS/monitor", true)]
    [InlineData("$SYS/+", "$SYS/monitor", true)]
    [InlineData("a/+", "a/$SYS", true)]
    [InlineData("+", "$", false)]
    public void Matches_DollarTopic_NotByLeadingWildcard(string filter, string name, bool expected) => AssertMatch(filter, name, expected);

    [Theory]
    [Statement("MQTT-4.7.3-4")]
    [Statement("MQTT-4.7.3-4 v3.1.1")]
    [InlineData("ACCOUNTS", "accounts", false)]
    [InlineData("a/b", "/a/b", false)]
    [InlineData("a/b", "a/b/", false)]
    [InlineData("\u00C5", "A\u030A", false)]
    public void Matches_NothingNormalised(string filter, string name, bool expected) => AssertMatch(filter, name, expected);

    [Fact]
    public void HasWildcard_TellsPlusAndHash()
    {
        Assert.True(TopicFilter.HasWildcard("a/+"u8));
        Assert.True(TopicFilter.HasWildcard("#"u8));
        Assert.False(TopicFilter.HasWildcard("$share/a/b"u8));
    }

    private static void AssertMatch(string filter, string name, bool expected) =>
        Assert.Equal(expected, TopicFilter.Matches(Encoding.UTF8.GetBytes(filter), Encoding.UTF8.GetBytes(name)));

    private static void AssertFilter(string filter, bool valid)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(filter);
        Assert.Equal(valid, TopicFilter.IsValid(bytes));
        string entry = $"82 [ 0001 [] '{filter}' 00 ]";
        if (valid) Packets.PacketReading.AssertAccepted(entry);
        else Packets.PacketReading.AssertRefused(entry, ReasonCode.TopicFilterInvalid, RuleOf(filter));
    }

    private static string RuleOf(string filter) =>
        filter.StartsWith("$share/", StringComparison.Ordinal) ? "MQTT-4.8.2-1" : "MQTT-4.7.1-1";
}
