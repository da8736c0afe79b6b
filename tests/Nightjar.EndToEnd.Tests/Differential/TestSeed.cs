using System.Globalization;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Where random tests begin: anywhere or at a number of their own, or where <c>NIGHTJAR_TEST_SEED</c> says, which repeats a run.</summary>
internal static class TestSeed
{
    public static int Next(int? fallback = null) =>
        int.TryParse(Environment.GetEnvironmentVariable("NIGHTJAR_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : fallback ?? Random.Shared.Next();
}
