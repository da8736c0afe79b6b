using Nightjar.Broker.Security;

namespace Nightjar.Broker.Control;

/// <summary>One topic of the control API and what answers there.</summary>
internal interface IControlEndpoint
{
    /// <summary>The topic that requests are published to; answers go to <c>/response</c> below it.</summary>
    string TopicName { get; }

    /// <summary>Whether it is there for a client of a security domain.</summary>
    bool IsActiveIn(string securityDomain);

    /// <summary>Begins what a request asks for. Called on an I/O thread: returns at once, and does elsewhere what burns or waits.</summary>
    /// <param name="request">The request; copied if it is kept.</param>
    /// <param name="sender">Who asks.</param>
    /// <returns>The answer, as JSON. What is wrong with the request stands in it; it fails for bugs only.</returns>
    Task<byte[]> ExecuteAsync(ReadOnlySpan<byte> request, Identity sender);
}
