namespace Nightjar.Broker.Control;

/// <summary>One topic of the control API and what answers there.</summary>
internal interface IControlEndpoint
{
    /// <summary>The topic that requests are published to; answers go to <c>/response</c> below it.</summary>
    string TopicName { get; }

    /// <summary>Whether it is there for a client of a security domain.</summary>
    bool IsActiveIn(string securityDomain);

    /// <summary>Does what a request asks for. Requests are handed over one after the other, never on an I/O thread.</summary>
    /// <returns>The answer, as JSON. What is wrong with the request stands in it; exceptions are for bugs.</returns>
    ValueTask<byte[]> ExecuteAsync(ControlRequest request, CancellationToken cancellationToken);
}
