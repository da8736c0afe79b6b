using Xunit;

namespace Nightjar.Transport.Tests;

/// <summary>Tests that measure the whole process run by themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    /// <summary>Its name.</summary>
    public const string Name = "Alone";
}
