using Xunit;

namespace Nightjar.Protocol.Tests.Fuzzing;

/// <summary>Tests that measure the processor time of the process: they run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessorTimeCollection
{
    internal const string Name = "Processor time";
}
