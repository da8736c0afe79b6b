using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>A [Fact] that runs external programs: skipped with the reason where one is missing, but never under <c>CI=true</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresToolFactAttribute : FactAttribute
{
    /// <summary>Names the programs, as <see cref="ExternalTool"/> knows them.</summary>
    public RequiresToolFactAttribute(params string[] tools) => Skip = ExternalTool.SkipReason(tools);
}
