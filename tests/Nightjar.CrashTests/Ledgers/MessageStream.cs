namespace Nightjar.CrashTests.Ledgers;

/// <summary>The numbered messages of one publisher on one topic: how far they were sent, and which were acknowledged.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class MessageStream
{
    private readonly Lock _gate = new();
    private readonly SortedSet<long> _unacknowledged = [];
    private readonly SortedSet<long> _refused = [];
    private long _lastSent;

    internal MessageStream(string topic, bool isExactlyOnce)
    {
        Topic = topic;
        IsExactlyOnce = isExactlyOnce;
    }

    internal string Topic { get; }

    /// <summary>Published at QoS 2.</summary>
    internal bool IsExactlyOnce { get; }

    /// <summary>Number of the last message sent; they count from 1.</summary>
    internal long LastSent
    {
        get
        {
            lock (_gate) return _lastSent;
        }
    }

    /// <summary>Takes the next number, just before it is sent.</summary>
    internal long Next()
    {
        lock (_gate)
        {
            _unacknowledged.Add(++_lastSent);
            return _lastSent;
        }
    }

    internal void Acknowledged(long number)
    {
        lock (_gate) _unacknowledged.Remove(number);
    }

    /// <summary>The broker said that it does not take the message: it may come or not.</summary>
    internal void Refused(long number)
    {
        lock (_gate)
        {
            _unacknowledged.Remove(number);
            _refused.Add(number);
        }
    }

    internal bool IsRefused(long number)
    {
        lock (_gate) return _refused.Contains(number);
    }

    /// <summary>Whether the broker owes a message to who had subscribed before.</summary>
    internal bool IsOwed(long number)
    {
        lock (_gate) return number <= _lastSent && !_unacknowledged.Contains(number) && !_refused.Contains(number);
    }

    /// <summary>The text of a message: topic and number, then bytes that follow from them, so that a changed one is noticed.</summary>
    internal string PayloadOf(long number)
    {
        // Most are small, some take several pages of a store.
        var length = number % 50 == 0 ? 9000 : (int)(number * 37 % 300);
        return $"{Topic} {number} {new string((char)('a' + number % 26), length)}";
    }
}
