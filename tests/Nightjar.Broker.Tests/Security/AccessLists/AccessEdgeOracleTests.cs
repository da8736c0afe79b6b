using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Security.AccessLists;

public sealed class AccessEdgeOracleTests(ITestOutputHelper output)
{
    private const int Worlds = 300;
    private const int Steps = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Broker_UnderRandomRulesAndReloads_LetsThroughWhatTheReferenceDoes(int seed)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var totals = new SortedDictionary<string, (int Allowed, int Refused)>(StringComparer.Ordinal);
        for (var i = 0; i < Worlds; i++)
        {
            using var world = new AccessWorld(random);
            for (var step = 0; step < Steps; step++) world.Step();
            foreach (var (edge, count) in world.Counts)
            {
                var (allowed, refused) = totals.GetValueOrDefault(edge);
                totals[edge] = (allowed + count.Allowed, refused + count.Refused);
            }
        }

        foreach (var (edge, count) in totals) output.WriteLine($"{edge}: {count.Allowed} allowed, {count.Refused} refused");
        Assert.True(totals.Values.Sum(count => count.Allowed + count.Refused) >= 20_000);
        Assert.Equal(["live", "publish", "queued", "retained", "shared", "subscribe", "will", "will at CONNECT"], totals.Keys);
        Assert.All(totals, entry => Assert.True(entry.Value is { Allowed: >= 20, Refused: >= 20 }, $"{entry.Key} {entry.Value}"));
    }
}
