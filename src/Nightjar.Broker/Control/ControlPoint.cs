using System.Text;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Control;

/// <summary>The control API: finds the endpoint of a request, has it executed and publishes the answer.</summary>
/// <remarks>
/// A request is never routed, so nobody who subscribes to its topic sees it. An answer is a message of the broker, QoS 0, to every subscriber of
/// <c>TOPIC/response</c> that may read it; one about a topic where nothing is, or that could not be taken, goes to its sender alone, who must be
/// allowed to read it as well.
/// </remarks>
internal sealed class ControlPoint : IControlPoint, IAsyncDisposable
{
    /// <summary>Largest request, in bytes.</summary>
    internal const int MaximumRequestBytes = 4 << 20;

    private readonly BrokerCore _core;
    private readonly IReadOnlyList<IControlEndpoint> _endpoints;
    private readonly ControlQueue _queue;

    /// <summary>Makes one.</summary>
    internal ControlPoint(BrokerCore core, IReadOnlyList<IControlEndpoint> endpoints)
    {
        _core = core;
        _endpoints = endpoints;
        _queue = new ControlQueue(Answer);
    }

    /// <inheritdoc/>
    public bool TryTake(ClientConnection connection, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, BatchContext context)
    {
        if (Find(topicName, connection.Identity) is not { } endpoint)
        {
            Reply(connection, topicName, """{"error":"endpoint not available"}"""u8, context);
            return true;
        }

        if (payload.Length <= MaximumRequestBytes && _queue.TryAdd(endpoint, payload, connection.Identity)) return true;
        Reply(
            connection,
            topicName,
            payload.Length > MaximumRequestBytes
                ? """{"responses":[{"command":"Unknown command","error":"Request too large"}]}"""u8
                : """{"responses":[{"command":"Unknown command","error":"Too many requests, try again later"}]}"""u8,
            context);
        return false;
    }

    /// <summary>Takes no more requests.</summary>
    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    private IControlEndpoint? Find(ReadOnlySpan<byte> topicName, Identity sender)
    {
        var name = Encoding.UTF8.GetString(topicName);
        return _endpoints.FirstOrDefault(endpoint => endpoint.TopicName == name && endpoint.IsActiveIn(sender.SecurityDomain));
    }

    private void Answer(IControlEndpoint endpoint, Task<byte[]> answer)
    {
        byte[] response;
        if (answer.IsCompletedSuccessfully)
        {
            response = answer.Result;
        }
        else
        {
            // A defect in one request must not be the end of the endpoint for all that follow.
            if (answer.Exception is { } exception) BrokerLog.ControlFailed(_core.Environment.Log, exception, endpoint.TopicName);
            response = """{"responses":[{"command":"Unknown command","error":"Internal error"}]}"""u8.ToArray();
        }

        BrokerPublisher.Publish(_core, Encoding.UTF8.GetBytes(endpoint.TopicName + "/response"), response, QualityOfService.AtMostOnce, retain: false);
    }

    // Whether the client has subscribed or not: it has asked.
    private void Reply(ClientConnection connection, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> response, BatchContext context)
    {
        if (connection.Session is not { } session) return;
        byte[] responseTopic = [.. topicName, .. "/response"u8];
        if (responseTopic.Length > ushort.MaxValue || !_core.Environment.Gate.May(connection.Identity, AccessAction.Read, responseTopic)) return;
        var publication = new Publication(_core.Environment.Messages) { TopicName = responseTopic, Payload = response };
        session.Deliver(ref publication, new Receiver { Target = session }, context);
        publication.Dispose();
    }
}
