using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>
/// Tests that run by themselves. <c>--test-config</c> in this process reads files as the user that a broker would become, and under root that
/// changes who the whole process is for as long: a test beside it would find its own files closed to it.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    /// <summary>Its name.</summary>
    public const string Name = "Alone";
}
