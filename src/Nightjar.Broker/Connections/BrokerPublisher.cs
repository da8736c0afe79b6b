using Nightjar.Broker.Messages;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>Publishes for the broker itself and for the embedding application: no connection, no permission to ask for.</summary>
internal static class BrokerPublisher
{
    internal static ReasonCode Publish(BrokerCore core, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, QualityOfService qos, bool retain, TimeSpan? expiry = null)
    {
        var context = BatchContext.Begin();
        try
        {
            var publication = new Publication(core.Environment.Messages) { TopicName = topicName, Payload = payload, QoS = qos, Retain = retain };
            if (expiry is not null) publication.ExpiresAt = core.Environment.Clock.Now + (long)expiry.Value.TotalMilliseconds;
            var code = core.Router.Publish(ref publication, core.Router.GetRoute(topicName, context), context);
            publication.Dispose();
            return code;
        }
        finally
        {
            context.End(core.Environment.Counters);
        }
    }
}
