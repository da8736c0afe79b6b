using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>A [Theory] that runs external programs: skipped with the reason where one is missing, but never under <c>CI=true</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresToolTheoryAttribute : TheoryAttribute
{
    /// <summary>Names the programs, as <see cref="ExternalTool"/> knows them.</summary>
    public RequiresToolTheoryAttribute(params string[] tools) => Skip = ExternalTool.SkipReason(tools);
}
