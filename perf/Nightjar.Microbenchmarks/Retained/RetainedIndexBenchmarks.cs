using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Retained;

namespace Nightjar.Microbenchmarks.Retained;

/// <summary>Setting, finding and enumerating many retained topics.</summary>
[MemoryDiagnoser]
public class RetainedIndexBenchmarks
{
    private readonly object _value = new();
    private RetainedIndex<object> _index = new();
    private RetainedCursor<object>? _cursor;
    private byte[][] _topics = [];
    private byte[] _filter = [];
    private uint _next;

    /// <summary>Topics held.</summary>
    [Params(10_000, 100_000, 1_000_000)]
    public int Topics { get; set; }

    /// <summary>Fills the index.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _index = new RetainedIndex<object>();
        _topics = [.. Enumerable.Range(0, Topics)
            .Select(i => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"dev/{i}/temp")))];
        foreach (var topic in _topics) _index.Set(topic, _value);
        new Random(1).Shuffle(_topics);
        _filter = "dev/+/temp"u8.ToArray();
        _cursor = _index.Match(_filter);
    }

    /// <summary>A topic that was not used lately.</summary>
    [Benchmark]
    public object? GetCold() => _index.Get(_topics[_next++ % (uint)_topics.Length]);

    /// <summary>Replacing the value of a topic that was not used lately.</summary>
    [Benchmark]
    public object? SetCold() => _index.Set(_topics[_next++ % (uint)_topics.Length], _value);

    /// <summary>One step of a wildcard over all topics.</summary>
    [Benchmark]
    public object? MoveNext()
    {
        if (_cursor!.MoveNext(out var value)) return value;
        _cursor = _index.Match(_filter);
        return null;
    }
}
