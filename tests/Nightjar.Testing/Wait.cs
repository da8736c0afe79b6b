using Xunit;

namespace Nightjar.Testing;

/// <summary>Waiting for something that is about to be true, with a guard.</summary>
public static class Wait
{
    /// <summary>How long a test waits for what must come. Far beyond what it takes, so that a busy machine fails no test.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    /// <summary>Looks again and again until a condition holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var end = Environment.TickCount64 + (long)Guard.TotalMilliseconds;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < end, $"Waited {Guard.TotalSeconds} s for {what}.");
            await Task.Yield();
        }
    }
}
