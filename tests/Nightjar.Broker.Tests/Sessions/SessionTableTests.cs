using System.Text;
using Nightjar.Broker.Collections;
using Nightjar.Broker.Sessions;
using Nightjar.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Sessions;

public sealed class SessionTableTests(ITestOutputHelper output)
{
    private sealed class TestSession(string clientId) : IHasClientId
    {
        private readonly byte[] _clientId = Encoding.UTF8.GetBytes(clientId);

        public ReadOnlySpan<byte> ClientIdUtf8 => _clientId;

        public uint ClientIdHash { get; } = SeededHash.Hash32(Encoding.UTF8.GetBytes(clientId));

        public string ClientId { get; } = clientId;
    }

    [Fact]
    public void Table_AfterRandomChanges_HoldsWhatADictionaryHolds()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        SessionTable<TestSession> table = new();
        Dictionary<string, TestSession> model = [];
        for (var step = 0; step < 100_000; step++)
        {
            TestSession candidate = new($"client-{random.Next(5_000)}");
            var there = model.GetValueOrDefault(candidate.ClientId);
            switch (random.Next(step / 20_000 % 2 == 0 ? 4 : 8))
            {
                case 0:
                    Assert.Equal(there is null, table.TryAdd(candidate));
                    model.TryAdd(candidate.ClientId, candidate);
                    break;
                case 1:
                    Assert.Same(there ?? candidate, table.GetOrAdd(candidate));
                    model.TryAdd(candidate.ClientId, candidate);
                    break;
                case 2:
                    Assert.False(table.TryRemove(candidate));
                    break;
                default:
                    if (there is null || random.Next(2) == 0) break;
                    Assert.True(table.TryRemove(there));
                    Assert.False(table.TryRemove(there));
                    model.Remove(candidate.ClientId);
                    break;
            }

            Assert.Equal(model.TryGetValue(candidate.ClientId, out var expected), table.TryGet(candidate.ClientIdUtf8, out var found));
            Assert.Same(expected, found);
        }

        Assert.Equal(model.Count, table.Count);
        List<TestSession> all = [];
        foreach (var session in table) all.Add(session);
        Assert.Equal(model.Values.ToHashSet(), [.. all]);
        Assert.Equal(model.Count, all.Count);
    }

    [Fact]
    public async Task GetOrAdd_OnManyThreads_LetsOneCandidateWin()
    {
        SessionTable<TestSession> table = new();
        var winners = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            Enumerable.Range(0, 20_000).Select(i => table.GetOrAdd(new TestSession($"c{i}"))).ToArray())));
        Assert.All(winners, sessions => Assert.Equal(winners[0], sessions));
        Assert.Equal(20_000, table.Count);
    }

    [Fact]
    public async Task TryGetAndEnumeration_BesideChanges_MissNothingThatStays()
    {
        SessionTable<TestSession> table = new();
        var stable = Enumerable.Range(0, 3_000).Select(i => new TestSession($"stable-{i}")).ToArray();
        foreach (var session in stable) table.TryAdd(session);
        var running = 2;
        var writers = Enumerable.Range(0, 2).Select(number => Task.Run(() =>
        {
            for (var round = 0; round < 5; round++)
            {
                var passing = Enumerable.Range(0, 20_000).Select(i => new TestSession($"passing-{number}-{i}")).ToArray();
                foreach (var session in passing) Assert.True(table.TryAdd(session));
                foreach (var session in passing) Assert.True(table.TryRemove(session));
            }

            Interlocked.Decrement(ref running);
        })).ToArray();
        do
        {
            foreach (var session in stable)
            {
                Assert.True(table.TryGet(session.ClientIdUtf8, out var found));
                Assert.Same(session, found);
            }

            List<TestSession> seen = [];
            foreach (var session in table)
            {
                if (session.ClientId.StartsWith('s')) seen.Add(session);
            }

            Assert.Equal(stable.Length, seen.Count);
            Assert.Equal(stable.Length, seen.Distinct().Count());
        }
        while (Volatile.Read(ref running) > 0);

        await Task.WhenAll(writers);
        Assert.Equal(stable.Length, table.Count);
    }

    [Fact]
    public void TryGet_AllocatesNothing()
    {
        SessionTable<TestSession> table = new();
        for (var i = 0; i < 1000; i++) table.TryAdd(new TestSession($"c{i}"));
        table.TryGet("c7"u8, out _);
        Allocation.AssertNone(() =>
        {
            for (var i = 0; i < 1000; i++) Assert.True(table.TryGet("c7"u8, out _) && !table.TryGet("none"u8, out _));
            foreach (var session in table) session.ClientIdHash.GetHashCode();
        });
    }
}
