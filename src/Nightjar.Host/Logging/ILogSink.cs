namespace Nightjar.Host.Logging;

/// <summary>One place that log lines go to. Used by the one writer of the log, never by an I/O thread.</summary>
internal interface ILogSink : IDisposable
{
    /// <summary>Writes a line; false when the place did not take it.</summary>
    bool TryWrite(in LogLine line);

    /// <summary>Called when no further line waits.</summary>
    /// <returns>False when lines written before were lost.</returns>
    bool TryFlush();

    /// <summary>Opens what can be moved away meanwhile, as log rotation does.</summary>
    void Reopen();
}
