using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

/// <summary>Client ids and user names that would like to be more than a name.</summary>
public sealed class AccessNameTests
{
    private static readonly string[] File = ["user bob", "topic read own", "user a+b", "topic read own", "pattern read c/%c/x", "pattern write u/%u", "pattern read pre-%u/x", "pattern read %c/#"];

    [Theory]
    [InlineData("me", "c/me/x", true)]
    [InlineData("me", "c/you/x", false)]
    [InlineData("me", "c/%c/x", false)]
    [InlineData("%c", "c/%c/x", true)]
    [InlineData("%c", "c/me/x", false)]
    [InlineData("a/b", "c/a/b/x", false)]
    [InlineData("a/b", "c/a/x", false)]
    [InlineData("a/x", "c/a/x", false)]
    [InlineData("+", "c/me/x", false)]
    [InlineData("#", "c/me/x", false)]
    [InlineData("me#", "c/me#/x", false)]
    [InlineData("$SYS", "$SYS/broker/uptime", false)]
    [InlineData("$SYS", "c/$SYS/x", true)]
    [InlineData("me\0", "c/me/x", false)]
    [InlineData("é€😀", "c/é€😀/x", true)]
    [InlineData("é", "c/e\u0301/x", false)]
    public void ClientId_InAPattern_IsOneLevelAndNothingElse(string clientId, string topic, bool granted) =>
        Assert.Equal(granted, May(new Identity(clientId, null, null), AccessAction.Read, topic));

    [Theory]
    [InlineData("bob", "u/bob", true)]
    [InlineData("bob", "u/eve", false)]
    [InlineData("%u", "u/%u", true)]
    [InlineData("a/b", "u/a/b", false)]
    [InlineData("", "u/", true)]
    [InlineData("+", "u/bob", false)]
    [InlineData("#", "u/bob", false)]
    [InlineData(null, "u/%u", false)]
    [InlineData(null, "u/", false)]
    public void UserName_InAPattern_IsOneLevelAndNothingElse(string? userName, string topic, bool granted) =>
        Assert.Equal(granted, May(new Identity("me", userName, null), AccessAction.Write, topic));

    [Fact]
    public void Sign_InsideALevel_StandsForItself()
    {
        Assert.False(May(new Identity("me", "bob", null), AccessAction.Read, "pre-bob/x"));
        Assert.True(May(new Identity("me", "bob", null), AccessAction.Read, "pre-%u/x"));
    }

    [Fact]
    public void DangerousName_IsLoggedAndKeepsTheClientsOwnLines()
    {
        var log = new RecordingLogger();
        var program = AccessList.Parse(File, "f").Compile(log, new FakeTimeProvider());
        Assert.True(program.May(new Identity("me", "a+b", null), AccessAction.Read, "own"u8));
        Assert.Empty(log.Lines);
        Assert.False(program.May(new Identity("me", "a+b", null), AccessAction.Read, "c/me/x"u8));
        Assert.False(program.May(new Identity("#", "bob", null), AccessAction.Subscribe, "c/+/x"u8));
        Assert.Equal(
            ["ACL denying access to client with dangerous username \"a+b\"", "ACL denying access to client with dangerous client id \"#\""],
            log.Lines.Select(line => line.Text));
    }

    [Fact]
    public void DangerousName_AskedAgainAndAgain_DoesNotFillTheLog()
    {
        var log = new RecordingLogger();
        var clock = new FakeTimeProvider();
        var program = AccessList.Parse(File, "f").Compile(log, clock);
        for (var i = 0; i < 5000; i++) program.May(new Identity("#", null, null), AccessAction.Read, "c/me/x"u8);
        Assert.Equal(1000, log.Lines.Count);
        clock.Advance(TimeSpan.FromSeconds(1));
        program.May(new Identity("#", null, null), AccessAction.Read, "c/me/x"u8);
        Assert.Contains(log.Lines, line => line.Text.StartsWith("4000 log lines", StringComparison.Ordinal));
    }

    private static bool May(Identity identity, AccessAction action, string topic) =>
        AccessList.Parse(File, "f").Compile().May(identity, action, Encoding.UTF8.GetBytes(topic));
}
