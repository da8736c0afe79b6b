namespace Nightjar.LoadTests.Measuring;

/// <summary>Counts errors by their text; keeps the first few texts. Any thread.</summary>
internal sealed class ErrorLog
{
    private const int MaximumTexts = 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _counts = [];
    private long _total;

    /// <summary>Errors so far.</summary>
    internal long Count => Interlocked.Read(ref _total);

    /// <summary>Counts one.</summary>
    internal void Add(string text)
    {
        Interlocked.Increment(ref _total);
        lock (_gate)
        {
            if (_counts.TryGetValue(text, out long count)) _counts[text] = count + 1;
            else if (_counts.Count < MaximumTexts) _counts.Add(text, 1);
        }
    }

    /// <summary>The texts with their numbers.</summary>
    internal IReadOnlyList<string> Describe()
    {
        lock (_gate) return [.. _counts.Select(static pair => $"{pair.Value} × {pair.Key}")];
    }
}
