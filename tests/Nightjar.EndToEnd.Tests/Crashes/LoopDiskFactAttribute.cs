using Xunit;

namespace Nightjar.EndToEnd.Tests.Crashes;

/// <summary>A [Fact] that needs a file system with a device of its own: skipped with the reason where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopDiskFactAttribute : FactAttribute
{
    private static readonly string? Obstacle = LoopDisk.Obstacle();

    public LoopDiskFactAttribute() => Skip = Obstacle;
}
