using System.Net;

namespace Nightjar.Transport;

/// <summary>One end of an in-memory connection.</summary>
public sealed class MemoryEndPoint : EndPoint
{
    /// <summary>Makes an end with a name.</summary>
    public MemoryEndPoint(string name) => Name = name;

    /// <summary>What it is called in logs.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
