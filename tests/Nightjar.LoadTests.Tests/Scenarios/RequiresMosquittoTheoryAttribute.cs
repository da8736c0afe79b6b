using Xunit;

namespace Nightjar.LoadTests.Tests.Scenarios;

/// <summary>A [Theory] with mosquitto: skipped where it is not installed, but never under <c>CI=true</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RequiresMosquittoTheoryAttribute : TheoryAttribute
{
    public RequiresMosquittoTheoryAttribute() =>
        Skip = Mosquitto.Path is null && Environment.GetEnvironmentVariable("CI") != "true" ? "mosquitto is not installed" : null;
}
