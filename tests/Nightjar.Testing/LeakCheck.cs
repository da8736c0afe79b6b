using System.Diagnostics;
using Nightjar.Transport.Buffers;
using Xunit;

namespace Nightjar.Testing;

/// <summary>Asserts that what was rented is given back. Each check has a pool of its own, so that tests beside it do not disturb it.</summary>
public sealed class LeakCheck
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(10);

    /// <summary>The pool to hand to the transports under test.</summary>
    public BufferPool Pool { get; } = new();

    /// <summary>Fails when blocks are still out.</summary>
    public void AssertNothingOutstanding()
    {
        Assert.True(Pool.Outstanding == 0, Describe(Pool));
    }

    /// <summary>Waits until every block is back, for threads that are just leaving; fails after ten seconds.</summary>
    public Task AssertReturnsToZeroAsync() => AssertReturnsToZeroAsync(Pool);

    /// <inheritdoc cref="AssertReturnsToZeroAsync()"/>
    /// <param name="pool">Any pool, such as the shared one of a process that runs nothing else.</param>
    public static async Task AssertReturnsToZeroAsync(BufferPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        long start = Stopwatch.GetTimestamp();
        while (pool.Outstanding != 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Guard, Describe(pool));
            await Task.Yield();
        }
    }

    private static string Describe(BufferPool pool) =>
        "Blocks are outstanding: " + string.Join(", ", pool.GetCounters().Select(c => $"{c.Outstanding} × {c.BlockSize}"));
}
