using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

public sealed class AccessListTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    // The sentences are those that Mosquitto 2.0.11 prints for the same file.
    [Theory]
    [InlineData("topic foo a/b", "Error: Invalid topic access type \"foo\" in acl_file \"f\".")]
    [InlineData("topic READ a", "Error: Invalid topic access type \"READ\" in acl_file \"f\".")]
    [InlineData("pattern foo x", "Error: Invalid topic access type \"foo\" in acl_file \"f\".")]
    [InlineData("topic", "Error: Empty topic in acl_file \"f\".")]
    [InlineData("pattern", "Error: Empty topic in acl_file \"f\".")]
    [InlineData("topic read a/#/b", "Error: Invalid ACL topic \"a/#/b\" in acl_file \"f\".")]
    [InlineData("topic a+b", "Error: Invalid ACL topic \"a+b\" in acl_file \"f\".")]
    [InlineData("topic read a/+b", "Error: Invalid ACL topic \"a/+b\" in acl_file \"f\".")]
    [InlineData("topic #/a", "Error: Invalid ACL topic \"#/a\" in acl_file \"f\".")]
    [InlineData("user", "Error: Missing username in acl_file \"f\".")]
    [InlineData("user   ", "Error: Missing username in acl_file \"f\".")]
    [InlineData("nonsense x", "Error: Invalid line in acl_file \"f\": nonsense.")]
    [InlineData("Topic read x", "Error: Invalid line in acl_file \"f\": Topic.")]
    [InlineData("topic\ta", "Error: Invalid line in acl_file \"f\": topic\ta.")]
    [InlineData("  # comment", "Error: Invalid line in acl_file \"f\": #.")]
    public void Line_ThatMosquittoRefuses_IsRefusedInItsWords(string line, string expected)
    {
        var error = Assert.Single(Assert.Throws<SecurityFileException>(() => AccessList.Parse(["# first", line], "f")).Errors);
        Assert.StartsWith(expected + " Line 2: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("address 10.0.0.0/33")]
    [InlineData("address 10.1")]
    [InlineData("address 010.0.0.1")]
    [InlineData("address fd00::/129")]
    [InlineData("address fe80::1%eth0")]
    [InlineData("address ANY")]
    [InlineData("address")]
    public void Address_ThatIsNone_IsAnError(string line) =>
        Assert.Contains("Line 1: write an address", Assert.Throws<SecurityFileException>(() => AccessList.Parse([line], "f")).Message, StringComparison.Ordinal);

    [Fact]
    public void Errors_OfAFile_AreReportedTogether()
    {
        var exception = Assert.Throws<SecurityFileException>(() => AccessList.Parse(["user", "topic a", "topic x y", "bad", "pattern +a"], "f"));
        Assert.Equal(["Line 1", "Line 3", "Line 4", "Line 5"], exception.Errors.Select(error => error[error.IndexOf("Line", StringComparison.Ordinal)..][..6]));
    }

    [Fact]
    public void Topic_Beyond200Levels_IsAnError()
    {
        Assert.Equal(1, AccessList.Parse(["topic " + Levels(200)], "f").RuleCount);
        Assert.Contains("more than 200 levels", Assert.Throws<SecurityFileException>(() => AccessList.Parse(["topic " + Levels(201)], "f")).Message, StringComparison.Ordinal);
        // A file that names nothing but levels costs no more than its bytes, and no stack.
        Assert.Throws<SecurityFileException>(() => AccessList.Parse(["pattern " + Levels(65_536)], "f"));
    }

    [Fact]
    public void Program_WithTheDeepestFilters_DecidesAboutTheDeepestTopics()
    {
        var program = AccessList.Parse(["pattern read " + string.Join('/', Enumerable.Repeat("+", 199)) + "/%c", "pattern read " + Levels(199) + "/#", "topic deny " + Levels(100) + "/+/#"], "f").Compile();
        Assert.False(May(program, AccessAction.Read, Levels(200)));
        Assert.True(May(program, AccessAction.Read, "x/" + Levels(198) + "/me"));
        Assert.False(May(program, AccessAction.Read, Levels(201)));
        Assert.False(May(program, AccessAction.Subscribe, Levels(199) + "/#"));
        Assert.True(May(program, AccessAction.Subscribe, string.Join('/', Enumerable.Repeat("+", 200))));
    }

    [Fact]
    public void EmptyFile_DeniesEverything()
    {
        File.WriteAllText(_path, "");
        var program = AccessList.Load(_path).Compile();
        foreach (var action in (AccessAction[])[AccessAction.Read, AccessAction.Write, AccessAction.Subscribe]) Assert.False(May(program, action, "a"));
        Assert.True(May(program, AccessAction.Unsubscribe, "a"));
        Assert.False(program.May(new Identity("me", null, null), AccessAction.Read, default));
    }

    [Fact]
    public void File_OfWindows_IsReadAsAnyOther()
    {
        File.WriteAllBytes(_path, [.. Encoding.UTF8.Preamble, .. "topic read a b  \t\r\n\r\nuser  bob smith \r\n  topic deny x\r\ntopic é/#\r\n \t \r\n"u8]);
        var list = AccessList.Load(_path);
        Assert.Equal(3, list.RuleCount);
        var program = list.Compile();
        Assert.True(May(program, AccessAction.Read, "a b"));
        Assert.True(May(program, AccessAction.Write, "é", "bob smith"));
        Assert.False(May(program, AccessAction.Write, "é"));
    }

    [Fact]
    public void File_ThatCannotBeRead_SaysWhichAndWhy()
    {
        var exception = Assert.Throws<SecurityFileException>(() => AccessList.Load(_path));
        Assert.StartsWith($"Error: Unable to open acl_file \"{_path}\". ", exception.Message, StringComparison.Ordinal);
        Assert.Throws<SecurityFileException>(() => AccessList.Load(Path.GetTempPath()));
    }

    [Fact]
    public void File_ThatIsADevice_IsRefusedUnread()
    {
        // Of some nothing can be read to the end, and a pipe would wait for a writer: a reload must not hang for ever.
        if (!OperatingSystem.IsLinux()) return;
        var exception = Assert.Throws<SecurityFileException>(() => AccessList.Load("/dev/null"));
        Assert.Contains("not a regular file", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatOthersCanRead_IsWarnedOf()
    {
        if (OperatingSystem.IsWindows()) return;
        File.WriteAllText(_path, "topic a\n");
        File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Empty(AccessList.Load(_path).Warnings);
        File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("world readable", Assert.Single(AccessList.Load(_path).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void File_OfOtherBytes_IsRefusedAndNotShownRaw()
    {
        File.WriteAllBytes(_path, [(byte)'t', (byte)'o', (byte)'p', (byte)'i', (byte)'c', (byte)' ', 0xFF, 0xFE, (byte)'\n', (byte)'u', (byte)'s', (byte)'e', (byte)'r', (byte)' ', 0, 27, (byte)'a']);
        var exception = Assert.Throws<SecurityFileException>(() => AccessList.Load(_path));
        Assert.Equal(2, exception.Errors.Count);
        Assert.DoesNotContain(exception.Message, character => char.IsControl(character) && character is not ('\r' or '\n'));
    }

    [Fact]
    public void Keyword_WithoutTopic_IsATopicOfThatName()
    {
        var program = AccessList.Parse(["topic read", "topic deny"], "f").Compile();
        Assert.True(May(program, AccessAction.Write, "read"));
        Assert.True(May(program, AccessAction.Write, "deny"));
    }

    [Fact]
    public void User_NamedTwice_GoesOnWhereItEndedAndHasNothingOfTheAnonymousPart()
    {
        var program = AccessList.Parse(["topic anonymous", "user bob", "topic one", "user eve", "topic evil", "user bob", "topic two"], "f").Compile();
        Assert.True(May(program, AccessAction.Read, "one", "bob"));
        Assert.True(May(program, AccessAction.Read, "two", "bob"));
        Assert.False(May(program, AccessAction.Read, "evil", "bob"));
        Assert.False(May(program, AccessAction.Read, "anonymous", "bob"));
        Assert.True(May(program, AccessAction.Read, "anonymous"));
        Assert.False(May(program, AccessAction.Read, "one"));
        Assert.False(May(program, AccessAction.Read, "one", "BOB"));
    }

    [Fact]
    public void Address_RestrictsTheLinesUpToTheNextAddressOrUser()
    {
        var program = AccessList.Parse(
            ["topic read all", "address 10.0.0.0/8", "topic read lan", "pattern read p/%c", "address any", "topic read any", "address ::1", "user bob", "topic read bobs"], "f").Compile();
        var inside = new System.Net.IPEndPoint(System.Net.IPAddress.Parse("::ffff:10.9.9.9"), 5);
        var outside = new System.Net.IPEndPoint(System.Net.IPAddress.Parse("11.0.0.0"), 5);
        foreach (var topic in (string[])["all", "lan", "any", "p/me"]) Assert.True(program.May(new Identity("me", null, inside), AccessAction.Read, Encoding.UTF8.GetBytes(topic)), topic);
        foreach (var topic in (string[])["lan", "p/me"]) Assert.False(program.May(new Identity("me", null, outside), AccessAction.Read, Encoding.UTF8.GetBytes(topic)), topic);
        Assert.True(program.May(new Identity("me", "bob", outside), AccessAction.Read, "bobs"u8));
        // Not known: what is restricted is not granted.
        Assert.False(May(program, AccessAction.Read, "lan"));
    }

    [Fact]
    public void Address_WhereItIsNotKnown_StillDenies()
    {
        var program = AccessList.Parse(["topic #", "address 10.0.0.0/8", "topic deny secret"], "f").Compile();
        Assert.False(May(program, AccessAction.Read, "secret"));
        Assert.True(program.May(new Identity("me", null, new System.Net.Sockets.UnixDomainSocketEndPoint("/run/x")), AccessAction.Read, "secret"u8));
    }

    [Fact]
    public void Strict_KnowsNoAddressLinesAndGrantsEverySubscribe()
    {
        Assert.Contains("compat_mode", Assert.Throws<SecurityFileException>(() => AccessList.Parse(["address ::1"], "f", strict: true)).Message, StringComparison.Ordinal);
        var program = AccessList.Parse([], "f", strict: true).Compile();
        Assert.True(May(program, AccessAction.Subscribe, "a"));
        Assert.False(May(program, AccessAction.Read, "a"));
    }

    [Theory]
    [InlineData("#", true)]
    [InlineData("a/#", true)]
    [InlineData("+/+", true)]
    [InlineData("+/b", true)]
    [InlineData("a/secret", false)]
    [InlineData("a/secret/#", false)]
    [InlineData("a/secret/+", false)]
    [InlineData("+/secret/x", false)]
    [InlineData("a", false)]
    [InlineData("+", false)]
    [InlineData("a/+/x", false)]
    [InlineData("$SYS/#", false)]
    [InlineData("w", false)]
    [InlineData("p/me/x", true)]
    [InlineData("p/you/x", false)]
    [InlineData("p/+/x", true)]
    [InlineData("p/+/y", false)]
    public void Subscribe_WhereNothingCanCome_IsRefused(string filter, bool granted)
    {
        var program = AccessList.Parse(
            ["topic read a/+", "topic read a/secret/#", "topic deny a/secret/#", "topic write w", "pattern read p/%c/x", "pattern read p/%u/y", "pattern read a/secret/x"], "f").Compile();
        Assert.Equal(granted, May(program, AccessAction.Subscribe, filter));
    }

    [Fact]
    public void Subscribe_InAFileTooLargeToProveIt_IsGranted()
    {
        var lines = Enumerable.Range(0, 2000).Select(i => $"topic read x/{i}");
        var program = AccessList.Parse([.. lines, "topic deny x/#"], "f").Compile();
        Assert.True(May(program, AccessAction.Subscribe, "#"));
        Assert.False(May(program, AccessAction.Subscribe, "x/1999"));
    }

    [Fact]
    public void Rules_InGreatNumber_AreCompiledAndFound()
    {
        var program = AccessList.Parse(Enumerable.Range(0, 200_000).Select(i => i % 2 == 0 ? $"user u{i}" : $"topic read x/{i - 1}/#"), "f").Compile();
        Assert.True(May(program, AccessAction.Read, "x/199998/y", "u199998"));
        Assert.False(May(program, AccessAction.Read, "x/199998/y", "u0"));
    }

    private static bool May(IAuthorizer program, AccessAction action, string topic, string? user = null) =>
        program.May(new Identity("me", user, null), action, Encoding.UTF8.GetBytes(topic));

    private static string Levels(int count) => string.Join('/', Enumerable.Repeat("l", count));
}
