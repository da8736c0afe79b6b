using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Logging;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Logging;

/// <summary>Forms, types and places of log lines.</summary>
public sealed class HostLoggerTests : IDisposable
{
    private static readonly LogSection Stderr = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private HostLogger Start(LogSection section, LogTypes? forced = null) => HostLogger.Start(section, new LogPlaces(_output, _error), _clock, forced);

    private async Task<string[]> LinesAsync(LogSection section, Action<HostLogger> log, LogTypes? forced = null)
    {
        await using (var logger = Start(section, forced)) log(logger);
        return Lines(_error);
    }

    private static string[] Lines(StringWriter writer) => writer.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public async Task Log_Default_IsEpochAndTextOnStderr()
    {
        Assert.Equal(["1767225600: Client a connected."], await LinesAsync(Stderr, log => log.LogInformation("Client {Id} connected.", "a")));
        Assert.Empty(_output.ToString());
    }

    [Fact]
    public async Task Log_TimestampOff_IsTheTextAlone() =>
        Assert.Equal(["x"], await LinesAsync(Stderr with { Timestamp = false }, log => log.LogInformation("x")));

    [Fact]
    public async Task Log_TimestampFormat_IsStrftimes() =>
        Assert.Equal([$"{_clock.GetLocalNow():yyyy-MM-dd HH}: x"], await LinesAsync(Stderr with { TimestampFormat = "%Y-%m-%d %H" }, log => log.LogInformation("x")));

    [Fact]
    public async Task Log_ControlCharacters_CannotForgeALineOrSteerATerminal() =>
        Assert.Equal(["1767225600: a 1: forged?[2J?"], await LinesAsync(Stderr, log => log.LogInformation("{Id}", "a\n1: forged\u001b[2J\u0085")));

    [Fact]
    public async Task Log_LineSeparatorsAndChangesOfDirection_CannotMakeALineLookLikeAnother() =>
        Assert.Equal(["1767225600: a?b?c?d\u00e9"], await LinesAsync(Stderr, log => log.LogInformation("{Id}", "a\u2028b\u202ec\u2066d\u00e9")));

    [Fact]
    public async Task Log_Json_IsAnObjectALineWithTheFieldsByName()
    {
        var lines = await LinesAsync(
            Stderr with { Json = true },
            log => log.Log(LogLevel.Information, new EventId(101), new InvalidOperationException("boom"), "Client {ClientId} [{Address}] port {Port} {Clean}", "a\n\"b\u00e9", "1.2.3.4:5", 1883, true));
        var line = JsonDocument.Parse(Assert.Single(lines)).RootElement;
        Assert.Equal("2026-01-01T00:00:00.000Z", line.GetProperty("time").GetString());
        Assert.Equal(("info", "notice", 101), (line.GetProperty("level").GetString(), line.GetProperty("type").GetString(), line.GetProperty("event").GetInt32()));
        Assert.Equal("Client a\n\"b\u00e9 [1.2.3.4:5] port 1883 True", line.GetProperty("message").GetString());
        Assert.Equal(("a\n\"b\u00e9", 1883, true), (line.GetProperty("clientId").GetString(), line.GetProperty("port").GetInt32(), line.GetProperty("clean").GetBoolean()));
        Assert.Contains("boom", line.GetProperty("exception").GetString(), StringComparison.Ordinal);
        Assert.Equal(["time", "level", "type", "event", "message", "clientId", "address", "port", "clean", "exception"], line.EnumerateObject().Select(property => property.Name));
    }

    [Theory]
    [InlineData(LogLevel.Critical, 110, (int)LogTypes.Error)]
    [InlineData(LogLevel.Error, 110, (int)LogTypes.Error)]
    [InlineData(LogLevel.Warning, 109, (int)LogTypes.Warning)]
    [InlineData(LogLevel.Information, 101, (int)LogTypes.Notice)]
    [InlineData(LogLevel.Information, 302, (int)LogTypes.Information)]
    [InlineData(LogLevel.Information, 400, (int)LogTypes.Information)]
    [InlineData(LogLevel.Debug, 111, (int)LogTypes.Debug)]
    [InlineData(LogLevel.Debug, 201, (int)LogTypes.Subscribe)]
    [InlineData(LogLevel.Debug, 202, (int)LogTypes.Unsubscribe)]
    [InlineData(LogLevel.Trace, 1, (int)LogTypes.Internal)]
    public async Task Log_Type_IsWrittenWhenItIsWantedAndNotOtherwise(LogLevel level, int eventId, int type)
    {
        var wanted = (LogTypes)type;
        Assert.Equal(["1767225600: x"], await LinesAsync(Stderr with { Types = wanted }, log =>
        {
            Assert.True(log.IsEnabled(level));
            log.Log(level, new EventId(eventId), "x");
        }));
        Assert.Single(await LinesAsync(Stderr with { Types = LogTypes.All & ~wanted }, log => log.Log(level, new EventId(eventId), "y")));
    }

    [Fact]
    public async Task Log_Forced_WinsOverTheSectionAlsoLater()
    {
        Assert.Empty(await LinesAsync(Stderr, log => log.LogError("x"), LogTypes.None));
        Assert.Equal(2, (await LinesAsync(Stderr with { Types = LogTypes.None }, log =>
        {
            log.LogDebug("x");
            Assert.Null(log.Reconfigure(Stderr with { Types = LogTypes.Error }));
            log.LogDebug("y");
        }, LogTypes.All)).Length);
    }

    [Fact]
    public async Task Log_StdoutAndStderr_GoesToBoth()
    {
        await LinesAsync(Stderr with { Destinations = LogDestinations.Stdout | LogDestinations.Stderr }, log => log.LogInformation("x"));
        Assert.Equal(Lines(_error), Lines(_output));
        Assert.Single(Lines(_output));
    }

    [Fact]
    public async Task Log_NoDestination_GoesNowhere() =>
        Assert.Empty(await LinesAsync(Stderr with { Destinations = LogDestinations.None }, log => log.LogError("x")));

    [Fact]
    public async Task Reconfigure_OtherPlaceAndTypes_HoldsForLaterLines()
    {
        await using (var log = Start(Stderr))
        {
            log.LogInformation("first");
            await Wait.UntilAsync(() => Lines(_error).Length == 1, "the first line");
            Assert.Null(log.Reconfigure(new LogSection { Destinations = LogDestinations.Stdout, Types = LogTypes.Debug, Timestamp = false }));
            log.LogInformation("left out");
            log.LogDebug("second");
        }

        Assert.Single(Lines(_error));
        Assert.Equal(["second"], Lines(_output));
    }

    [Fact]
    public async Task Log_FasterThanTheWriter_NeverWaitsAndCountsWhatIsLeftOut()
    {
        using var slow = new GatedWriter();
        var log = HostLogger.Start(Stderr, new LogPlaces(TextWriter.Null, slow), _clock);
        for (var i = 0; i < 20_000; i++) log.LogInformation("{Number}", i);
        Assert.True(log.LeftOut is > 10_000 and < 20_000, $"{log.LeftOut} lines were left out.");
        slow.Open();
        await log.DisposeAsync();
        var lines = slow.Text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        var report = Assert.Single(lines, line => line.EndsWith("log lines were left out, because they came faster than they could be written.", StringComparison.Ordinal));
        var leftOut = int.Parse(report.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(20_000, leftOut + lines.Length - 1);
    }

    [Fact]
    public async Task Log_ReaderOfAPipeThatHasGone_DoesNotEndTheLog()
    {
        await using (var log = HostLogger.Start(Stderr with { Destinations = LogDestinations.Stderr | LogDestinations.Stdout }, new LogPlaces(_output, new BrokenWriter()), _clock))
        {
            log.LogInformation("first");
            log.LogInformation("second");
        }

        Assert.Equal(["1767225600: first", "1767225600: second"], Lines(_output).Where(line => !line.Contains("left out", StringComparison.Ordinal)));
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("Broken pipe");
    }

    private sealed class GatedWriter : StringWriter
    {
        private readonly ManualResetEventSlim _gate = new();

        internal string Text => base.ToString();

        internal void Open() => _gate.Set();

        public override void WriteLine(string? value)
        {
            Assert.True(_gate.Wait(Wait.Guard));
            base.WriteLine(value);
        }

        protected override void Dispose(bool disposing)
        {
            _gate.Dispose();
            base.Dispose(disposing);
        }
    }
}
