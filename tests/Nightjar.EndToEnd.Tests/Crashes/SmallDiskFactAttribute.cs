using Xunit;

namespace Nightjar.EndToEnd.Tests.Crashes;

/// <summary>A [Fact] that needs a small file system of its own: skipped with the reason where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    private static readonly string? Obstacle = SmallDisk.Obstacle();

    public SmallDiskFactAttribute() => Skip = Obstacle;
}
