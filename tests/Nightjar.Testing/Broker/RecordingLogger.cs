using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Nightjar.Testing.Broker;

/// <summary>A line that was logged.</summary>
/// <param name="Level">Its level.</param>
/// <param name="Text">Its text.</param>
/// <param name="Exception">What was logged with it.</param>
public sealed record LogLine(LogLevel Level, string Text, Exception? Exception);

/// <summary>Keeps every line that is logged.</summary>
public sealed class RecordingLogger : ILogger
{
    /// <summary>The lines in order.</summary>
    public ConcurrentQueue<LogLine> Lines { get; } = new();

    /// <summary>The least level that is kept.</summary>
    public LogLevel Least { get; set; } = LogLevel.Information;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= Least;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Lines.Enqueue(new LogLine(logLevel, formatter(state, exception), exception));
    }
}
