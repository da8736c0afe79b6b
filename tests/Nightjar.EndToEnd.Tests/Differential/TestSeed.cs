using System.Globalization;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Where random tests begin: anywhere, or where <c>NIGHTJAR_TEST_SEED</c> says, which repeats a run.</summary>
internal static class TestSeed
{
    public static int Next() =>
        int.TryParse(Environment.GetEnvironmentVariable("NIGHTJAR_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
}
