using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests;

/// <summary>Tests that count what the whole process has run by themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    /// <summary>Its name.</summary>
    public const string Name = "Alone";
}
