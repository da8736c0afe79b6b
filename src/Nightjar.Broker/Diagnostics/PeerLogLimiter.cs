using Microsoft.Extensions.Logging;

namespace Nightjar.Broker.Diagnostics;

/// <summary>Bounds the log lines that peers can cause: at most <see cref="LinesPerSecond"/> a second, and a line with the count of those left out.</summary>
/// <remarks>A lost update between threads lets a few more lines through; that is harmless.</remarks>
internal sealed class PeerLogLimiter(ILogger log)
{
    internal const int LinesPerSecond = 1000;
    private long _second;
    private int _lines;
    private long _leftOut;

    /// <summary>Whether a line may be written now.</summary>
    internal bool TryTake(long nowMilliseconds)
    {
        var second = nowMilliseconds / 1000;
        if (Volatile.Read(ref _second) != second) Begin(second);
        if (Interlocked.Increment(ref _lines) <= LinesPerSecond) return true;
        Interlocked.Increment(ref _leftOut);
        return false;
    }

    private void Begin(long second)
    {
        if (Interlocked.Exchange(ref _second, second) == second) return;
        Volatile.Write(ref _lines, 0);
        var leftOut = Interlocked.Exchange(ref _leftOut, 0);
        if (leftOut > 0) BrokerLog.LinesLeftOut(log, leftOut);
    }
}
