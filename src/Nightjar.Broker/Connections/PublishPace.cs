using Nightjar.Broker.Limits;

namespace Nightjar.Broker.Connections;

/// <summary>What one client may publish now under the rates in force, and its pauses. Made for a connection when the first rate is: without one, none is.</summary>
/// <remarks>Of the reading loop, but for <see cref="End"/>.</remarks>
internal sealed class PublishPace(TimeProvider time) : IDisposable
{
    // A pause is for a twentieth of a second's worth at least, so that a client far over its rate costs twenty wake-ups a second and not a thousand.
    private const int PausesPerSecond = 20;

    private TokenBucket _messages;
    private TokenBucket _bytes;
    private long _messageRate;
    private long _byteRate;

    // Made at the first pause; read by those who close the connection.
    private ReadPause? _pause;

    /// <summary>Milliseconds until the next PUBLISH may be read for the number of messages.</summary>
    internal long MissingMessages => _messageRate == 0 ? 0 : _messages.WaitFor(_messageRate / PausesPerSecond, _messageRate);

    /// <summary>The same for their bytes.</summary>
    internal long MissingBytes => _byteRate == 0 ? 0 : _bytes.WaitFor(_byteRate / PausesPerSecond, _byteRate);

    /// <summary>The rates in force, 0 for none, and what the time since the last call brought.</summary>
    internal void Refill(long messageRate, long byteRate, long nowMilliseconds)
    {
        Refill(ref _messages, ref _messageRate, messageRate, nowMilliseconds);
        Refill(ref _bytes, ref _byteRate, byteRate, nowMilliseconds);
    }

    /// <summary>Counts a PUBLISH.</summary>
    /// <returns>Whether it was the last that may be read now.</returns>
    internal bool Count(int length)
    {
        var isOver = false;
        if (_messageRate > 0)
        {
            _messages.Take(1);
            isOver = _messages.IsEmpty;
        }

        if (_byteRate > 0)
        {
            _bytes.Take(length);
            isOver |= _bytes.IsEmpty;
        }

        return isOver;
    }

    /// <summary>Makes what a pause needs, so that <see cref="End"/> finds it.</summary>
    internal void PreparePause()
    {
        if (_pause is null) Volatile.Write(ref _pause, new ReadPause(time));
    }

    /// <summary>Waits, or does not after <see cref="End"/>. Behind <see cref="PreparePause"/>.</summary>
    internal ValueTask WaitAsync(long milliseconds) => _pause!.WaitAsync(milliseconds);

    /// <summary>Ends the pause, if there is one, and those to come. Any thread.</summary>
    internal void End() => Volatile.Read(ref _pause)?.End();

    public void Dispose() => _pause?.Dispose();

    private static void Refill(ref TokenBucket bucket, ref long rate, long perSecond, long now)
    {
        if (perSecond > 0 && rate == 0) bucket.Fill(now, perSecond);
        else if (perSecond > 0) bucket.Refill(now, perSecond);
        rate = perSecond;
    }
}
