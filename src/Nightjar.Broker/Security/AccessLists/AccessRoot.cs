namespace Nightjar.Broker.Security.AccessLists;

/// <summary>One list of an <see cref="AccessProgram"/>. The object itself is what tells it from the lists of all other programs.</summary>
/// <param name="node">Root of its tree.</param>
internal sealed class AccessRoot(int node)
{
    internal int Node { get; } = node;
}
