using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.CrashTests.Ledgers;

/// <summary>What one subscriber, or a group of them, has received of one stream; judged as it comes.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class Receipts
{
    private readonly Lock _gate = new();
    private readonly Ledger _ledger;
    private readonly MessageStream _stream;
    private readonly string _who;
    private readonly bool _isGroup;

    // Numbers that came ahead of a missing one, above the last of a run without gaps.
    private readonly SortedSet<long> _ahead = [];

    // Not there when it was judged: one that comes all the same has not come before, so it was late and not lost, or is only now acknowledged.
    private readonly HashSet<long> _reported = [];
    private readonly Dictionary<string, long> _lastBy = new(StringComparer.Ordinal);

    // Behind later ones. Judged at the end: the publisher may hear of a refusal after a subscriber has the message.
    private readonly List<(long Number, string What)> _late = [];
    private long _complete;

    internal Receipts(Ledger ledger, MessageStream stream, string who, bool isGroup)
    {
        _isGroup = isGroup;
        _ledger = ledger;
        _stream = stream;
        _who = who;
    }

    /// <summary>A message has come.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="publish">The message.</param>
    /// <param name="member">Who of a group got it.</param>
    /// <param name="isExactlyOnce">Whether the subscription is of QoS 2.</param>
    internal void Add(long number, ReceivedPublish publish, string member, bool isExactlyOnce)
    {
        lock (_gate)
        {
            if (number < 1 || number > _stream.LastSent || publish.Payload != _stream.PayloadOf(number))
            {
                _ledger.Add(Violation.Phantom, $"{member} got {_stream.Topic} {number}, and {_stream.LastSent} was sent last.");
                return;
            }

            _ledger.Did("messages received");
            if (_stream.IsRefused(number)) return;
            if (_reported.Remove(number))
            {
                _ledger.Did("messages that came after they were judged");
                return;
            }

            if (number <= _complete || !_ahead.Add(number))
            {
                if (_stream.IsExactlyOnce && isExactlyOnce && publish.QoS == QualityOfService.ExactlyOnce)
                    _ledger.Add(Violation.Doubled, $"{member} got {_stream.Topic} {number} again, packet id {publish.PacketId}{(publish.Dup ? ", DUP" : "")}.");
                else _ledger.Did("QoS 1 messages received again");
                return;
            }

            // In a group a QoS 1 message that is published again may go to another member, behind later ones.
            var last = _lastBy.GetValueOrDefault(member);
            if (number < last && (_stream.IsExactlyOnce || !_isGroup)) _late.Add((number, $"{member} got {_stream.Topic} {number} after {last}."));
            _lastBy[member] = Math.Max(last, number);
            Advance();
        }
    }

    /// <summary>Whether everything has come that the broker owes.</summary>
    internal bool IsComplete
    {
        get
        {
            lock (_gate)
            {
                Advance();
                return _complete >= _stream.LastSent;
            }
        }
    }

    /// <summary>Says what is missing, and what came behind later ones, once.</summary>
    internal void Report()
    {
        lock (_gate)
        {
            foreach (var (number, what) in _late)
            {
                if (_stream.IsRefused(number)) _ledger.Did("refused messages that came late");
                else _ledger.Add(Violation.Order, what);
            }

            _late.Clear();
            Advance();
            for (var number = _complete + 1; number <= _stream.LastSent; number++)
            {
                if (_ahead.Contains(number)) continue;
                _reported.Add(number);
                if (_stream.IsOwed(number)) _ledger.Add(Violation.Lost, $"{_who} did not get {_stream.Topic} {number} of {_stream.LastSent}.");
            }

            // Said once; the next ones are counted from here.
            _complete = _stream.LastSent;
            _ahead.Clear();
        }
    }

    // What is not owed need not come.
    private void Advance()
    {
        while (_complete < _stream.LastSent)
        {
            var next = _complete + 1;
            if (!_ahead.Remove(next) && !_stream.IsRefused(next)) return;
            _complete = next;
        }
    }
}
