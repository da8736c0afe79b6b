using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Nightjar.Host.Logging;

/// <summary>
/// Log lines as Mosquitto writes them: <c>epoch: text</c>. Lines go through a bounded queue to one writer, so that a slow terminal or pipe never
/// stops an I/O thread; lines that find the queue full are counted, and the count is written.
/// </summary>
internal sealed class LineLogger : ILogger, IAsyncDisposable
{
    private const int Capacity = 8192;
    private readonly TextWriter _writer;
    private readonly LogLevel _minimum;
    private readonly TimeProvider _clock;
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Task _writing;
    private long _leftOut;

    internal LineLogger(TextWriter writer, LogLevel minimum, TimeProvider clock)
    {
        _writer = writer;
        _minimum = minimum;
        _clock = clock;
        _writing = Task.Run(WriteAsync);
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= _minimum;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        var text = formatter(state, exception);
        if (exception is not null) text = $"{text} {exception}";
        var line = string.Create(CultureInfo.InvariantCulture, $"{_clock.GetUtcNow().ToUnixTimeSeconds()}: {Printable(text)}");
        if (!_lines.Writer.TryWrite(line)) Interlocked.Increment(ref _leftOut);
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing;
    }

    // A client id or topic must not be able to forge a line of its own.
    private static string Printable(string text) =>
        text.AsSpan().IndexOfAnyInRange('\0', '\x1F') < 0 ? text : string.Concat(text.Select(c => c < ' ' && c != '\n' ? '?' : c == '\n' ? ' ' : c));

    private async Task WriteAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out var line)) await _writer.WriteLineAsync(line);
            var leftOut = Interlocked.Exchange(ref _leftOut, 0);
            if (leftOut > 0) await _writer.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{_clock.GetUtcNow().ToUnixTimeSeconds()}: {leftOut} log lines were left out, because they came faster than they could be written."));
            await _writer.FlushAsync();
        }
    }
}
