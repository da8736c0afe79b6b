using System.Globalization;

namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>Seeds of random tests: new every run and told in the failure; NIGHTJAR_TEST_SEED repeats one.</summary>
internal static class FuzzSeed
{
    internal static int Next() =>
        int.TryParse(
            Environment.GetEnvironmentVariable("NIGHTJAR_TEST_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed)
            ? seed
            : Random.Shared.Next();
}
