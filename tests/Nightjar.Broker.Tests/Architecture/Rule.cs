using Xunit;

namespace Nightjar.Broker.Tests.Architecture;

/// <summary>Fails a test with every breach of a rule, one a line.</summary>
internal static class Rule
{
    /// <summary>Passes when there are no breaches.</summary>
    public static void HasNoBreach(IEnumerable<string> breaches)
    {
        string[] found = [.. breaches];
        Assert.True(found.Length == 0, string.Join(Environment.NewLine, found));
    }
}
