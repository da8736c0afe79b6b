using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>
/// The log of the executable. Lines go through a bounded queue to one writer, so that a slow terminal, disk or daemon never stops an I/O thread;
/// lines that find the queue full, or that no place took, are counted, and the count is written.
/// </summary>
internal sealed class HostLogger : ILogger, IAsyncDisposable
{
    private const int Capacity = 8192;
    private readonly LogPlaces _places;
    private readonly TimeProvider _clock;
    private readonly LogTypes? _forced;
    private readonly Channel<LogLine> _lines = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Task _writing;

    // Set by whoever reconfigures, taken by the writer.
    private ILogSink[]? _next;
    private int _reopen;
    private volatile LogSection _section;
    private long _leftOut;

    // The writer's own.
    private ILogSink[] _sinks;

    private HostLogger(LogSection section, ILogSink[] sinks, LogPlaces places, TimeProvider clock, LogTypes? forced)
    {
        _section = section;
        _sinks = sinks;
        _places = places;
        _clock = clock;
        _forced = forced;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Lines that were not written, and not yet reported.</summary>
    internal long LeftOut => Interlocked.Read(ref _leftOut);

    private LogTypes Types => _forced ?? _section.Types;

    /// <summary>Opens the log.</summary>
    /// <param name="section">What is logged where.</param>
    /// <param name="places">What the destinations stand for.</param>
    /// <param name="clock">For the time in front of lines.</param>
    /// <param name="forced">Types that win over the section's, also later: all for -v, none for -q; null: the section's.</param>
    /// <remarks>A file that cannot be opened is an error on stderr, where the log then goes, as Mosquitto does.</remarks>
    internal static HostLogger Start(LogSection section, LogPlaces places, TimeProvider clock, LogTypes? forced = null)
    {
        if (Open(section, places, clock, out var error) is { } sinks) return new HostLogger(section, sinks, places, clock, forced);
        section = section with { Destinations = LogDestinations.Stderr, File = null };
        var log = new HostLogger(section, Open(section, places, clock, out _)!, places, clock, forced);
        HostLog.CannotOpenLog(log, error!);
        return log;
    }

    /// <summary>Tries whether lines could be logged there. Nothing changes.</summary>
    /// <returns>What is wrong with the places; null when all is well.</returns>
    internal string? Check(LogSection section)
    {
        var sinks = Open(section, _places, _clock, out var error);
        Close(sinks);
        return error;
    }

    /// <summary>Changes what is logged where. Lines logged before may still go to the old places.</summary>
    /// <returns>What is wrong with the new places, and then nothing was changed; null when all is well.</returns>
    internal string? Reconfigure(LogSection section)
    {
        if (Open(section, _places, _clock, out var error) is not { } sinks) return error;
        _section = section;
        Close(Interlocked.Exchange(ref _next, sinks));
        Wake();
        return null;
    }

    /// <summary>Opens the log file anew, for whoever rotates it.</summary>
    internal void Reopen()
    {
        Volatile.Write(ref _reopen, 1);
        Wake();
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => LogTypeOf.IsEnabled(logLevel, Types);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var type = LogTypeOf.Line(logLevel, eventId.Id);
        var section = _section;
        if (logLevel == LogLevel.None || !Types.HasFlag(type) || section.Destinations == LogDestinations.None) return;
        var text = formatter(state, exception);
        var line = section.Json
            ? LogObject.Line(_clock.GetUtcNow(), logLevel, type, eventId, text, state as IReadOnlyList<KeyValuePair<string, object?>>, exception)
            : LogText.Plain(section, _clock.GetLocalNow(), exception is null ? text : $"{text} {exception}");
        if (!_lines.Writer.TryWrite(new LogLine(type, line, !TopicSink.IsPublishing))) Interlocked.Increment(ref _leftOut);
    }

    /// <summary>Writes what waits and closes the places.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing;
    }

    private static ILogSink[]? Open(LogSection section, LogPlaces places, TimeProvider clock, out string? error)
    {
        error = null;
        var sinks = new List<ILogSink>();
        var to = section.Destinations;
        if (to.HasFlag(LogDestinations.File))
        {
            if (FileSink.TryOpen(section.File!, out error) is not { } file) return null;
            sinks.Add(file);
        }

        if (to.HasFlag(LogDestinations.Stdout)) sinks.Add(new StreamSink(places.Output));
        if (to.HasFlag(LogDestinations.Stderr)) sinks.Add(new StreamSink(places.Error));
        if (to.HasFlag(LogDestinations.Syslog)) sinks.Add(new SyslogSink(places.SyslogPath, section.Facility, places.Ident, clock));
        if (to.HasFlag(LogDestinations.Topic)) sinks.Add(new TopicSink(places.Publish));
        return [.. sinks];
    }

    private static void Close(ILogSink[]? sinks)
    {
        foreach (var sink in sinks ?? []) sink.Dispose();
    }

    // A line without text only wakes the writer; a full queue wakes it anyway.
    private void Wake() => _lines.Writer.TryWrite(default);

    private async Task WriteAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out var line))
            {
                TakeChanges();
                if (line.Text is not null) Write(in line);
            }

            ReportLeftOut();
            foreach (var sink in _sinks)
            {
                if (!sink.TryFlush()) Interlocked.Increment(ref _leftOut);
            }
        }

        TakeChanges();
        Close(_sinks);
    }

    private void TakeChanges()
    {
        if (Interlocked.Exchange(ref _next, null) is { } next)
        {
            Close(_sinks);
            _sinks = next;
        }

        if (Interlocked.Exchange(ref _reopen, 0) == 0) return;
        foreach (var sink in _sinks) sink.Reopen();
    }

    // A line is left out when one of its places did not take it: topics do not count, where nobody may be listening.
    private void Write(in LogLine line)
    {
        foreach (var sink in _sinks)
        {
            if (!sink.TryWrite(in line) && sink is not TopicSink) Interlocked.Increment(ref _leftOut);
        }
    }

    private void ReportLeftOut()
    {
        var leftOut = Interlocked.Exchange(ref _leftOut, 0);
        if (leftOut == 0) return;
        var section = _section;
        var text = string.Create(CultureInfo.InvariantCulture, $"{leftOut} log lines were left out, because they came faster than they could be written.");
        var line = section.Json
            ? LogObject.Line(_clock.GetUtcNow(), LogLevel.Warning, LogTypes.Warning, default, text, [new("Count", leftOut)], null)
            : LogText.Plain(section, _clock.GetLocalNow(), text);

        // Not counted again: a place that takes nothing would have the writer report for ever.
        foreach (var sink in _sinks) sink.TryWrite(new LogLine(LogTypes.Warning, line, false));
    }
}
