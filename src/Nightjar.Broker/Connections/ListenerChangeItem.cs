using Nightjar.Broker.Configuration;

namespace Nightjar.Broker.Connections;

/// <summary>One listener of new options: what it was before, and what was opened for it.</summary>
internal sealed class ListenerChangeItem(ListenerOptions options)
{
    internal ListenerOptions Options { get; } = options;

    /// <summary>The listener whose socket goes on; null when there is none.</summary>
    internal ListenerLoop? Kept { get; set; }

    /// <summary>The listener that has to be closed first, because it holds the address; null when there is none.</summary>
    internal ListenerLoop? Replaced { get; set; }

    internal bool IsReplacedClosed { get; set; }

    internal ListenerStack? Opened { get; set; }
}
