namespace Nightjar.CrashTests.Ledgers;

/// <summary>What was found, and how much was done, over a whole run.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="report">Told of each violation as it is found, up to a bound.</param>
internal sealed class Ledger(Action<string>? report = null)
{
    private const int MaximumDescriptions = 200;
    private readonly Lock _gate = new();
    private readonly int[] _violations = new int[Enum.GetValues<Violation>().Length];
    private readonly List<string> _descriptions = [];
    private readonly SortedDictionary<string, long> _done = new(StringComparer.Ordinal);

    /// <summary>How long nothing may come, with the broker at peace, before what is owed counts as lost. A test of losses has less, as it waits for all of it.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Counts the cycles, for descriptions.</summary>
    internal int Cycle { get; set; }

    /// <summary>All violations.</summary>
    internal int ViolationCount
    {
        get
        {
            lock (_gate) return _violations.Sum();
        }
    }

    /// <summary>The first of them, each in a sentence.</summary>
    internal IReadOnlyList<string> Descriptions
    {
        get
        {
            lock (_gate) return [.. _descriptions];
        }
    }

    internal int CountOf(Violation violation)
    {
        lock (_gate) return _violations[(int)violation];
    }

    internal void Add(Violation violation, string description)
    {
        lock (_gate)
        {
            _violations[(int)violation]++;
            if (_descriptions.Count >= MaximumDescriptions) return;
            _descriptions.Add($"cycle {Cycle}: {violation}: {description}");
            report?.Invoke(_descriptions[^1]);
        }
    }

    /// <summary>Something was done, or seen to be right.</summary>
    internal void Did(string what, long count = 1)
    {
        lock (_gate) _done[what] = _done.GetValueOrDefault(what) + count;
    }

    internal long DoneOf(string what)
    {
        lock (_gate) return _done.GetValueOrDefault(what);
    }

    /// <summary>How much was done, a line a thing, then the violations.</summary>
    internal string Summary()
    {
        lock (_gate)
        {
            return string.Join('\n', (IEnumerable<string>)
            [
                .. _done.Select(done => $"{done.Key}: {done.Value}"),
                $"acknowledged and lost: {_violations[(int)Violation.Lost]}",
                $"QoS 2 doubled: {_violations[(int)Violation.Doubled]}",
                $"order broken: {_violations[(int)Violation.Order]}",
                $"phantom: {_violations[(int)Violation.Phantom]}",
                $"state differences: {_violations[(int)Violation.State]}",
            ]);
        }
    }
}
