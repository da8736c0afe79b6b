using Xunit;

namespace Nightjar.Broker.Tests.Collections;

/// <summary>Tests that measure the heap of the process: no others run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredAlone
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "Measured alone";
}
