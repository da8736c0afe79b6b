using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Sessions;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Logging;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Logging;

/// <summary>The places of log lines that are more than a stream: files, syslog, topics.</summary>
public sealed class LogDestinationTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly StringWriter _error = new();

    public void Dispose() => _error.Dispose();

    private static LogSection ToFile(string path) => new() { Destinations = LogDestinations.File, File = path, Timestamp = false };

    private HostLogger Start(LogSection section) => HostLogger.Start(section, new LogPlaces(TextWriter.Null, _error), _clock);

    [Fact]
    public async Task File_Lines_AreAppendedAndOnlyItsOwnerMayReadIt()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("nj.log");
        await using (var log = Start(ToFile(path))) log.LogInformation("one");
        await using (var log = Start(ToFile(path))) log.LogInformation("two");
        Assert.Equal(["one", "two"], File.ReadAllLines(path));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Reopen_AFileThatWasMovedAway_GoesOnInANewOne()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("nj.log");
        await using (var log = Start(ToFile(path)))
        {
            log.LogInformation("one");
            await Wait.UntilAsync(() => new FileInfo(path) is { Exists: true, Length: > 0 }, "the first line");
            File.Move(path, path + ".1");
            log.Reopen();
            await Wait.UntilAsync(() => File.Exists(path), "the new file");
            log.LogInformation("two");
        }

        Assert.Equal(["one"], File.ReadAllLines(path + ".1"));
        Assert.Equal(["two"], File.ReadAllLines(path));
    }

    [Fact]
    public async Task Start_FileThatCannotBeOpened_LogsToStderrAndSaysSo()
    {
        await using (var log = Start(ToFile("/nonexistent/dir/nj.log"))) log.LogInformation("one");
        var lines = _error.ToString().Split(Environment.NewLine);
        Assert.StartsWith("Error: Unable to open log file /nonexistent/dir/nj.log for writing.", lines[0], StringComparison.Ordinal);
        Assert.Equal("one", lines[1]);
    }

    [Fact]
    public async Task Reconfigure_FileThatCannotBeOpened_ChangesNothing()
    {
        await using (var log = Start(new LogSection { Timestamp = false }))
        {
            Assert.StartsWith("Error: Unable to open log file /nonexistent/dir/nj.log for writing.", log.Reconfigure(ToFile("/nonexistent/dir/nj.log")), StringComparison.Ordinal);
            log.LogInformation("one");
        }

        Assert.Equal("one", _error.ToString().Trim());
    }

    [Theory]
    [InlineData(LogLevel.Error, 1, 3)]
    [InlineData(LogLevel.Warning, 1, 4)]
    [InlineData(LogLevel.Information, 101, 5)]
    [InlineData(LogLevel.Debug, 201, 5)]
    [InlineData(LogLevel.Information, 300, 6)]
    [InlineData(LogLevel.Debug, 111, 7)]
    public async Task Syslog_Line_IsADatagramWithPriorityTimeAndName(LogLevel level, int eventId, int severity)
    {
        using var directory = new TemporaryDirectory();
        using var daemon = Daemon(directory.File("log"));
        var section = new LogSection { Destinations = LogDestinations.Syslog, Facility = 17, Types = LogTypes.All };
        await using var log = HostLogger.Start(section, new LogPlaces(TextWriter.Null, _error) { SyslogPath = directory.File("log"), Ident = "nj" }, _clock);
        log.Log(level, new EventId(eventId), "hello");
        var time = _clock.GetLocalNow();
        Assert.Equal($"<{(17 * 8) + severity}>Jan {time.Day,2} {time:HH:mm:ss} nj[{Environment.ProcessId}]: 1767225600: hello", await ReceiveAsync(daemon));
    }

    [Fact]
    public async Task Syslog_DaemonThatIsStartedAnew_GetsTheNextLine()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("log");
        await using var log = HostLogger.Start(
            new LogSection { Destinations = LogDestinations.Syslog }, new LogPlaces(TextWriter.Null, _error) { SyslogPath = path, Ident = "nj" }, _clock);
        log.LogInformation("nobody listens");
        using (var first = Daemon(path))
        {
            log.LogInformation("first");
            Assert.EndsWith("first", await ReceiveAsync(first, "first"), StringComparison.Ordinal);
        }

        File.Delete(path);
        using var second = Daemon(path);
        log.LogInformation("second");
        Assert.EndsWith("second", await ReceiveAsync(second, "second"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Topic_EachType_HasItsTopicAndDebugHasNone()
    {
        List<(string, string)> published = [];
        var section = new LogSection { Destinations = LogDestinations.Topic, Types = LogTypes.All, Timestamp = false };
        await using (var log = HostLogger.Start(section, new LogPlaces(TextWriter.Null, _error) { Publish = (topic, text) => published.Add((topic, text)) }, _clock))
        {
            log.LogError("e");
            log.LogWarning("w");
            log.LogInformation(new EventId(101), "n");
            log.LogInformation(new EventId(301), "i");
            log.LogDebug(new EventId(201), "s");
            log.LogDebug(new EventId(202), "u");
            log.LogDebug("d");
            log.LogTrace("t");
        }

        Assert.Equal(
            [
                ("$SYS/broker/log/E", "e"), ("$SYS/broker/log/W", "w"), ("$SYS/broker/log/N", "n"), ("$SYS/broker/log/I", "i"),
                ("$SYS/broker/log/M/subscribe", "s"), ("$SYS/broker/log/M/unsubscribe", "u"),
            ],
            published);
    }

    [Fact]
    public async Task Topic_LineThatPublishingCauses_IsNotPublishedAgain()
    {
        List<string> published = [];
        HostLogger? log = null;
        var section = new LogSection { Destinations = LogDestinations.Topic | LogDestinations.Stderr, Timestamp = false };
        log = HostLogger.Start(section, new LogPlaces(TextWriter.Null, _error)
        {
            Publish = (_, text) =>
            {
                published.Add(text);
                log!.LogWarning("dropped {Text}", text);
            },
        }, _clock);
        log.LogInformation("one");
        await Wait.UntilAsync(() => _error.ToString().Contains("dropped one", StringComparison.Ordinal), "the line that publishing caused");
        await log.DisposeAsync();
        Assert.Equal(["one"], published);
        Assert.Equal(["one", "dropped one"], _error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Topic_RunningBroker_PublishesToItsSubscribers()
    {
        var publisher = new LogPublisher();
        await using var log = HostLogger.Start(
            new LogSection { Destinations = LogDestinations.Topic, Timestamp = false }, new LogPlaces(TextWriter.Null, _error) { Publish = publisher.Publish }, _clock);
        await using var broker = new MqttBroker(new BrokerOptions(), NullLogger.Instance);
        await broker.StartAsync();
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = broker.Subscribe("$SYS/broker/log/#", (in ReceivedMessage message) => received.TrySetResult($"{message.TopicName} {Encoding.UTF8.GetString(message.Payload)} {message.QoS}"));
        log.LogWarning("before the broker runs");
        publisher.Attach(broker);
        log.LogWarning("hello");
        Assert.EndsWith(" ExactlyOnce", await received.Task.WaitAsync(Wait.Guard), StringComparison.Ordinal);
        Assert.StartsWith("$SYS/broker/log/W ", await received.Task, StringComparison.Ordinal);
        publisher.Detach();
        Assert.Throws<InvalidOperationException>(() => publisher.Publish("$SYS/broker/log/W", "x"));
    }

    private static Socket Daemon(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    // Takes datagrams until one ends as wanted: a line logged before may still be on its way.
    private static async Task<string> ReceiveAsync(Socket daemon, string end = "")
    {
        var buffer = new byte[4096];
        using var guard = new CancellationTokenSource(Wait.Guard);
        while (true)
        {
            var text = Encoding.UTF8.GetString(buffer, 0, await daemon.ReceiveAsync(buffer, guard.Token));
            if (text.EndsWith(end, StringComparison.Ordinal)) return text;
        }
    }
}
