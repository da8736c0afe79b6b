using Nightjar.Host.Verbs.Options;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Host.Tests.Verbs;

public sealed class ToolOptionParserTests
{
    [Fact]
    public void Parse_PublishOptions_AreTaken()
    {
        ToolOptions options = Parse(ToolKind.Pub, "-h h -p 1884 -t a/b -m x -q 2 -r -i id -u user -P pw -k 30 -M 5 --repeat 3 --repeat-delay 0.5 --will-topic w --will-payload gone --will-qos 1 --will-retain");
        Assert.Equal(("h", 1884, "id", "user", "pw", 30), (options.Host, options.Port, options.ClientId, options.UserName, options.Password, options.KeepAlive));
        Assert.Equal(("a/b", PayloadSource.Argument, "x"), (options.Topics[0], options.PayloadSource, options.PayloadArgument));
        Assert.Equal((QualityOfService.ExactlyOnce, true, 5, 3, 500d), (options.QoS, options.Retain, options.MaximumInflight, options.RepeatCount, options.RepeatDelay.TotalMilliseconds));
        Assert.Equal(("w", "gone", QualityOfService.AtLeastOnce, true), (options.WillTopic, options.WillPayload, options.WillQoS, options.WillRetain));
        Assert.Equal(ProtocolVersion.Mqtt311, options.Version);
    }

    [Fact]
    public void Parse_Url_SetsEverything()
    {
        ToolOptions options = Parse(ToolKind.Sub, "-L mqtt://u%40x:p@host:1999/a/b");
        Assert.Equal(("u@x", "p", "host", 1999, "a/b"), (options.UserName, options.Password, options.Host, options.Port, options.Topics[0]));
    }

    [Fact]
    public void Parse_Property_MakesItVersion5()
    {
        ToolOptions options = Parse(ToolKind.Pub, "-t a -m x -D connect session-expiry-interval 60 -D publish user-property a b -D PUBLISH topic-alias 3");
        Assert.Equal(ProtocolVersion.Mqtt50, options.Version);
        Assert.Equal(60u, options.ToClientOptions(null).SessionExpiryInterval);
        Assert.Equal("260001610001" + "62", Convert.ToHexString(options.Properties.Publish.Encoded.Span));
        Assert.Equal(3u, options.Properties.Publish.Number(PropertyId.TopicAlias));
    }

    [Fact]
    public void Parse_OptionFile_GivesDefaults()
    {
        using var file = new StringReader("# comment\n-h filehost\n-u some user\n\n-t filetopic\n-D connect user-property a b\n");
        ToolOptions options = ToolOptionParser.Parse(ToolKind.Sub, ["-h", "cmdhost", "-t", "t"], file);
        Assert.Equal(("cmdhost", "some user"), (options.Host, options.UserName));
        Assert.Equal(["filetopic", "t"], options.Topics);
        Assert.False(options.Properties.Connect.IsEmpty);
    }

    [Theory]
    [InlineData("XDG_CONFIG_HOME")]
    [InlineData("HOME")]
    public void OptionFile_Environment_IsFound(string variable)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("nightjar");
        try
        {
            string folder = variable == "HOME" ? Directory.CreateDirectory(Path.Combine(directory.FullName, ".config")).FullName : directory.FullName;
            File.WriteAllText(Path.Combine(folder, "mosquitto_rr"), "");
            Assert.Equal(Path.Combine(folder, "mosquitto_rr"), ToolOptionFile.Find(ToolKind.Rr, name => name == variable ? directory.FullName : null));
            Assert.Null(ToolOptionFile.Find(ToolKind.Pub, name => name == variable ? directory.FullName : null));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("Sub", "--bogus", "Error: Unknown option '--bogus'.\n")]
    [InlineData("Sub", "-t a -m x", "Error: Unknown option '-m'.\n")]
    [InlineData("Sub", "-t", "Error: -t argument given but no topic specified.\n\n")]
    [InlineData("Sub", "-t a/#/b", "Error: Invalid subscription topic 'a/#/b', are all '+' and '#' wildcards correct?\n")]
    [InlineData("Pub", "-t a/# -m x", "Error: Invalid publish topic 'a/#', does it contain '+' or '#'?\n")]
    [InlineData("Pub", "-t a -m x -n", "Error: Only one type of message can be sent at once.\n\n")]
    [InlineData("Pub", "-t a", "Error: Both topic and message must be supplied.\n")]
    [InlineData("Sub", "-t a -q 3", "Error: Invalid QoS given: 3\n")]
    [InlineData("Sub", "-t a -k 4", "Error: Invalid keepalive given, it must be between 5 and 65535 inclusive.\n\n")]
    [InlineData("Sub", "-t a -c", "Error: You must provide a client id if you are using the -c option.\n")]
    [InlineData("Sub", "-t a -D connect content-type x", "Error: content-type property not allowed for connect in --property argument.\n\n")]
    [InlineData("Sub", "-t a -D connect receive-maximum -1", "Error: Property value (-1) out of range for property receive-maximum.\n\n")]
    [InlineData("Sub", "-t a -x -2", "Error: session-expiry-interval out of range.\n\n")]
    [InlineData("Sub", "-t a -F %y", "Error: Invalid format specifier 'y'.\n")]
    [InlineData("Sub", "-t a -F %10", "Error: Incomplete format specifier.\n")]
    [InlineData("Rr", "-t a -m x", "Error: All of topic, message, and response topic must be supplied.\n")]
    public void Parse_Wrong_SaysWhat(string kind, string arguments, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => Parse(Enum.Parse<ToolKind>(kind), arguments)).Message);

    [Theory]
    [InlineData("--proxy socks5h://p")]
    [InlineData("--ws")]
    public void Parse_WebSocketsOrProxy_SaysWhatThereIs(string arguments) =>
        Assert.Contains("TCP", Assert.Throws<UsageException>(() => Parse(ToolKind.Sub, "-t a " + arguments)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("--cert a", "Error: Both certfile and keyfile must be provided if one of them is set.\n")]
    [InlineData("--keyform pem", "Error: If keyform is set, keyfile must be also specified.\n")]
    [InlineData("--keyform x --cert a --key b", "Error: Problem setting key form, it must be one of 'pem' or 'engine'.\n")]
    [InlineData("--tls-engine-kpass-sha1 aa", "Error: when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.\n")]
    [InlineData("--psk aa", "Error: --psk-identity required if --psk used.\n")]
    [InlineData("--psk aa --cafile f", "Error: Only one of --psk or --cafile/--capath may be used at once.\n")]
    [InlineData("--tls-version x", "Error: Problem setting TLS options, check the options are valid.\n")]
    [InlineData("--cafile", "Error: --cafile argument given but no file specified.\n\n")]
    public void Parse_WrongTlsOptions_SaysWhat(string arguments, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => Parse(ToolKind.Sub, "-t a " + arguments)).Message);

    [Theory]
    [InlineData("-t a", 1883, false)]
    [InlineData("-t a --cafile f", 8883, true)]
    [InlineData("-t a --cafile f -p 1884", 1884, true)]
    [InlineData("-t a --tls-use-os-certs", 8883, true)]
    [InlineData("-t a -p 8883", 8883, true)]
    [InlineData("-t a -p 8883 --no-tls", 8883, false)]
    [InlineData("-t a --psk aa --psk-identity b", 8883, true)]
    [InlineData("-L mqtts://h/a", 8883, true)]
    [InlineData("-L mqtts://h:1885/a", 1885, true)]
    public void Parse_TlsOptions_ChooseThePort(string arguments, int port, bool isTls)
    {
        ToolOptions options = Parse(ToolKind.Sub, arguments);
        Assert.Equal(port, options.Port);
        Assert.Equal(isTls, options.Tls.IsUsed(options.Port));
    }

    private static ToolOptions Parse(ToolKind kind, string arguments) => ToolOptionParser.Parse(kind, arguments.Split(' '));
}
