using System.Text;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>A message as a subscriber inside the application sees it. Spans are valid during the call only.</summary>
public readonly ref struct ReceivedMessage
{
    internal ReceivedMessage(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, QualityOfService qos, bool retain)
    {
        TopicNameUtf8 = topicName;
        Payload = payload;
        QoS = qos;
        Retain = retain;
    }

    /// <summary>Topic name in UTF-8.</summary>
    public ReadOnlySpan<byte> TopicNameUtf8 { get; }

    /// <summary>Topic name; a new string at each call.</summary>
    public string TopicName => Encoding.UTF8.GetString(TopicNameUtf8);

    /// <summary>Payload.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>QoS it was published with, at most that of the subscription.</summary>
    public QualityOfService QoS { get; }

    /// <summary>Whether it is a retained message delivered because of the subscription.</summary>
    public bool Retain { get; }
}

/// <summary>Handles a message. Called on an I/O thread, possibly by several at a time: must be quick and not block.</summary>
/// <param name="message">The message; copy what outlives the call.</param>
public delegate void MessageHandler(in ReceivedMessage message);

/// <summary>A subscriber inside the embedding application: no connection, no queue, no acknowledgement. The broker itself trusts it.</summary>
internal sealed class LocalSubscriber(MessageHandler handler, Action<Exception> failed) : MessageReceiver
{
    internal override Identity? Identity => null;

    internal override Readiness Readiness => Readiness.Ready;

    internal override void Deliver(ref Publication publication, in Receiver receiver, BatchContext context)
    {
        context.Leave();
        var qos = publication.QoS < receiver.MaximumQoS ? publication.QoS : receiver.MaximumQoS;
        Call(new ReceivedMessage(publication.TopicName, publication.Payload, qos, receiver.RetainAsPublished && publication.Retain));
    }

    internal override void Deliver(MessageRun run, in Receiver receiver, BatchContext context)
    {
        for (var i = 0; i < run.Count; i++) Call(new ReceivedMessage(run.TopicNameAt(i), run.PayloadAt(i), QualityOfService.AtMostOnce, retain: false));
    }

    /// <summary>Hands over a retained message.</summary>
    internal void DeliverRetained(PublishedMessage message) => Call(new ReceivedMessage(message.TopicName, message.Payload, message.QoS, retain: true));

    // The thread serves other clients next: what the handler sets for it is gone behind it.
    private void Call(in ReceivedMessage message)
    {
        var before = ExecutionContext.Capture();
#pragma warning disable CA1031 // The application's defect must not end the publisher's connection.
        try
        {
            handler(message);
        }
        catch (Exception exception)
        {
            failed(exception);
        }
#pragma warning restore CA1031
        finally
        {
            if (before is not null) ExecutionContext.Restore(before);
        }
    }
}
