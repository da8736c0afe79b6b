using System.Globalization;
using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Peers;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.CrashTests.Actors;

/// <summary>
/// Publishes messages that live for seconds, and others that live for hours, to a subscriber that is mostly away. What was over when it came back must
/// not reach it; what lives and was acknowledged must; and with each comes what is left of its interval, however often the broker died meanwhile.
/// </summary>
/// <remarks>
/// When the broker took a message lies between its first sending and its acknowledgement, and when it passed it on between the subscriber's CONNECT
/// and its arrival: only what contradicts all of these times is a violation. The broker counts by the wall clock, so this does as well.
/// </remarks>
internal sealed class ExpiringMessages : Actor
{
    // Rounding to seconds, and what the broker's clock and timers may be off.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1.5);
    private static readonly uint[] Intervals = [1, 2, 3, 40, 3600, 100_000];
    private readonly Lock _gate = new();
    private readonly Peer _publisher;
    private readonly Peer _reader;
    private readonly string _topic;
    private readonly QualityOfService _qos;
    private readonly List<Task> _pending = [];

    // By number, under _gate; those from _unjudged on are still owed an end.
    private readonly List<Message> _messages = [];
    private int _unjudged;
    private DateTime _connecting;
    private long _taken;

    internal ExpiringMessages(Ledger ledger, Random random, string name, QualityOfService qos)
        : base(ledger, random)
    {
        _topic = $"x/{name}";
        _qos = qos;
        _publisher = new Peer(name, ProtocolVersion.Mqtt50);
        _reader = new Peer(name + "-reader", ProtocolVersion.Mqtt50) { Received = Take };
    }

    internal override async Task PrepareAsync(int port)
    {
        await _reader.ConnectAsync(port);
        await _reader.SubscribeAsync(_topic, _qos);
        await _reader.AbortAsync();
        await _publisher.ConnectAsync(port);
        await _publisher.AbortAsync();
    }

    internal override Task UseAsync(int port)
    {
        // Away in most cycles, so that messages of seconds end while it is.
        var read = Chance(0.2) ? ConnectReaderAsync(port) : Task.CompletedTask;
        return Task.WhenAll(read, PublishAsync(port));
    }

    internal override async Task UseOnceAsync(int port)
    {
        if (await _publisher.ConnectAsync(port) is null) return;
        for (var i = 0; i < Intervals.Length && !_publisher.Ended.IsCompleted; i++)
        {
            _pending.Add(PublishNextAsync());
            await Task.WhenAny(_publisher.Ended, _pending[^1]);
        }

        await _publisher.AbortAsync();
    }

    internal override async Task FinishAsync(int port)
    {
        if (await _publisher.ConnectAsync(port) is not { } isPresent) return;
        CheckPresent(_publisher.ClientId, isPresent);
        var all = Task.WhenAll(_pending);
        if (await Task.WhenAny(all, _publisher.Ended, Task.Delay(TimeSpan.FromSeconds(60))) != all)
            Ledger.Add(Violation.State, $"{_publisher.ClientId} has {_publisher.Unacknowledged} messages that nobody acknowledges.");
        _pending.Clear();
    }

    internal override async Task JudgeAsync(int port)
    {
        if (!await ConnectReaderAsync(port))
        {
            Ledger.Add(Violation.State, $"{_reader.ClientId} cannot connect.");
            return;
        }

        long taken = -1;
        for (var end = DateTime.MinValue; IsMissing() && await _reader.PingAsync(); await Task.Delay(20))
        {
            if (Volatile.Read(ref _taken) != taken) (taken, end) = (Volatile.Read(ref _taken), DateTime.UtcNow + Ledger.Patience);
            else if (DateTime.UtcNow > end) break;
        }

        Judge();
        await _reader.DisconnectAsync();
    }

    internal override async Task CloseAsync()
    {
        await _publisher.AbortAsync();
        await _reader.AbortAsync();
    }

    private async Task PublishAsync(int port)
    {
        while (await _publisher.ConnectAsync(port) is { } isPresent)
        {
            CheckPresent(_publisher.ClientId, isPresent);
            while (!_publisher.Ended.IsCompleted)
            {
                _pending.RemoveAll(task => task.IsCompleted);
                if (_pending.Count < 3) _pending.Add(PublishNextAsync());
                else await Task.WhenAny([_publisher.Ended, .. _pending]);
                // Some dozens in a cycle are enough.
                await Task.WhenAny(_publisher.Ended, Task.Delay(5));
            }
        }
    }

    private async Task PublishNextAsync()
    {
        Message message;
        int number;
        lock (_gate)
        {
            number = _messages.Count;
            message = new Message(Intervals[number % Intervals.Length], DateTime.UtcNow);
            _messages.Add(message);
        }

        var reason = await _publisher.PublishAsync(_topic, number.ToString(CultureInfo.InvariantCulture), _qos, properties: IntervalProperty(message.Interval));
        if (reason >= ReasonCode.UnspecifiedError)
        {
            await Task.Delay(10);
            Ledger.Did($"messages refused with 0x{(byte)reason:X2}");
            return;
        }

        lock (_gate) message.AcknowledgedAt = DateTime.UtcNow;
        Ledger.Did("expiring messages acknowledged");
    }

    private async Task<bool> ConnectReaderAsync(int port)
    {
        lock (_gate) _connecting = DateTime.UtcNow;
        if (await _reader.ConnectAsync(port) is not { } isPresent) return false;
        CheckPresent(_reader.ClientId, isPresent);
        return true;
    }

    // A copy of QoS 1 that was published again may come as well, so nothing is forgotten.
    private void Take(ReceivedPublish publish)
    {
        Interlocked.Increment(ref _taken);
        lock (_gate)
        {
            if (publish.Topic != _topic || !int.TryParse(publish.Payload, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number >= _messages.Count)
            {
                Ledger.Add(Violation.Phantom, $"{_reader.ClientId} got '{publish.Payload}' on {publish.Topic}, which nobody sent.");
                return;
            }

            var message = _messages[number];
            if (message.HasArrived && _qos == QualityOfService.ExactlyOnce) Ledger.Add(Violation.Doubled, $"{_reader.ClientId} got {_topic} {number} again.");
            message.HasArrived = true;
            // One that was begun to be sent in time may be sent again later.
            if (publish.Dup) Ledger.Did("expiring messages sent again");
            else CheckInterval(number, message, publish.MessageExpiryInterval);
        }
    }

    private void CheckInterval(int number, Message message, uint? left)
    {
        var now = DateTime.UtcNow;
        var interval = TimeSpan.FromSeconds(message.Interval);
        var least = interval - (now - message.SentAt) - Margin;
        var waited = message.AcknowledgedAt is { } taken && _connecting > taken ? _connecting - taken : TimeSpan.Zero;
        var most = interval - waited + Margin;
        if (most < TimeSpan.Zero)
            Ledger.Add(Violation.Phantom, $"{_reader.ClientId} got {_topic} {number}, which was over {-most.TotalSeconds:F1} s before it connected.");
        else if (left is not { } seconds || seconds > Math.Min(most.TotalSeconds, message.Interval) || seconds < least.TotalSeconds)
            Ledger.Add(Violation.State, $"{_topic} {number} came with {left} s left of {message.Interval}; it must be {Math.Max(0, least.TotalSeconds):F1} to {most.TotalSeconds:F1}.");
        else Ledger.Did("remaining intervals found right");
    }

    private bool IsMissing()
    {
        lock (_gate)
        {
            var now = DateTime.UtcNow;
            return _messages.Skip(_unjudged).Any(message => message.IsOwed(now + Margin));
        }
    }

    private void Judge()
    {
        lock (_gate)
        {
            var now = DateTime.UtcNow;
            for (; _unjudged < _messages.Count; _unjudged++)
            {
                var message = _messages[_unjudged];
                if (message.IsOwed(now + Margin)) Ledger.Add(Violation.Lost, $"{_reader.ClientId} did not get {_topic} {_unjudged}, which lives {message.Interval} s.");
                else if (!message.HasArrived && message.AcknowledgedAt is not null) Ledger.Did("expired messages kept back");
            }
        }
    }

    private static byte[] IntervalProperty(uint seconds) => [2, (byte)(seconds >> 24), (byte)(seconds >> 16), (byte)(seconds >> 8), (byte)seconds];

    private sealed class Message(uint interval, DateTime sentAt)
    {
        internal uint Interval { get; } = interval;

        internal DateTime SentAt { get; } = sentAt;

        internal DateTime? AcknowledgedAt { get; set; }

        internal bool HasArrived { get; set; }

        // Whether it lives longer than until some time, and has to come.
        internal bool IsOwed(DateTime until) => AcknowledgedAt is not null && !HasArrived && SentAt.AddSeconds(Interval) > until;
    }
}
