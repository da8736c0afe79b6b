using System.Diagnostics;

namespace Nightjar.Storage.Sqlite.Log;

/// <summary>
/// Records that the writer has taken from where they are appended and not begun to read: for some milliseconds they are left open, so that deliveries
/// which are over by then need not be written. What was appended in one stretch of time is kept together, and becomes old enough together.
/// </summary>
/// <remarks>The writer's thread only.</remarks>
internal sealed class OpenRecords
{
    private const int MostStretches = 16;
    private readonly Stretch[] _stretches = new Stretch[MostStretches];
    private int _first;
    private int _count;

    internal OpenRecords(int stripes)
    {
        for (var index = 0; index < MostStretches; index++) _stretches[index].Lists = new Chunk?[stripes];
    }

    /// <summary>Takes everything from the log.</summary>
    internal void Add(RecordLog log)
    {
        Debug.Assert(_count < MostStretches, "More was taken than is ever kept.");
        ref var stretch = ref _stretches[(_first + _count) % MostStretches];
        stretch.Ticket = log.Seal(stretch.Lists);
        stretch.TakenAt = Stopwatch.GetTimestamp();
        _count++;
    }

    /// <summary>Hands over what is old enough, closed and in one list a stripe.</summary>
    /// <param name="log">Where it comes from.</param>
    /// <param name="age">How old that is, from the moment at which it was taken from the log.</param>
    /// <param name="lists">Takes the lists.</param>
    /// <param name="ticket">The newest ticket of it.</param>
    /// <returns>False when nothing is old enough.</returns>
    internal bool TryTake(RecordLog log, TimeSpan age, Span<Chunk?> lists, out long ticket)
    {
        var count = _count;
        ticket = 0;
        while (_count > 0 && (_count == MostStretches || Stopwatch.GetElapsedTime(_stretches[_first].TakenAt) >= age))
        {
            ref var stretch = ref _stretches[_first];
            for (var index = 0; index < lists.Length; index++) Append(ref lists[index], stretch.Lists[index]);
            Array.Clear(stretch.Lists);
            ticket = stretch.Ticket;
            _first = (_first + 1) % MostStretches;
            _count--;
        }

        if (_count == count) return false;
        log.Close(ticket);
        return true;
    }

    /// <summary>Gives everything back to the log.</summary>
    internal void Clear(RecordLog log)
    {
        foreach (var stretch in _stretches)
        {
            foreach (var list in stretch.Lists) log.Return(list);
            Array.Clear(stretch.Lists);
        }

        _count = 0;
    }

    private static void Append(ref Chunk? list, Chunk? more)
    {
        if (list is null)
        {
            list = more;
            return;
        }

        var last = list;
        while (last.Next is { } next) last = next;
        last.Next = more;
    }

    private struct Stretch
    {
        internal Chunk?[] Lists;
        internal long Ticket;
        internal long TakenAt;
    }
}
