using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Collections;
using Nightjar.Broker.Sessions;

namespace Nightjar.Microbenchmarks.Sessions;

/// <summary>Look-ups and changes of a table of many sessions.</summary>
[MemoryDiagnoser]
public class SessionTableBenchmarks
{
    private readonly Session _new = new("new"u8.ToArray());
    private SessionTable<Session> _table = new();
    private byte[][] _clientIds = [];
    private uint _next;

    /// <summary>Sessions held.</summary>
    [Params(10_000, 100_000, 1_000_000)]
    public int Sessions { get; set; }

    /// <summary>Fills the table.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _table = new SessionTable<Session>();
        _clientIds = [.. Enumerable.Range(0, Sessions)
            .Select(i => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"client-{i}")))];
        foreach (var clientId in _clientIds) _table.TryAdd(new Session(clientId));
        new Random(1).Shuffle(_clientIds);
    }

    /// <summary>A client that is in the processor's caches.</summary>
    [Benchmark]
    public bool TryGetHot() => _table.TryGet(_clientIds[0], out _);

    /// <summary>A client that was not looked up lately.</summary>
    [Benchmark]
    public bool TryGetCold() => _table.TryGet(_clientIds[_next++ % (uint)_clientIds.Length], out _);

    /// <summary>A session that begins and ends.</summary>
    [Benchmark]
    public bool AddAndRemove() => _table.TryAdd(_new) && _table.TryRemove(_new);

    private sealed class Session(byte[] clientId) : IHasClientId
    {
        private readonly byte[] _clientId = clientId;

        public ReadOnlySpan<byte> ClientIdUtf8 => _clientId;

        public uint ClientIdHash { get; } = SeededHash.Hash32(clientId);
    }
}
