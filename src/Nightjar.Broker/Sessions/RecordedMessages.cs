using System.Net;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Security;

namespace Nightjar.Broker.Sessions;

/// <summary>From a record of a store back to a message and to a delivery.</summary>
internal static class RecordedMessages
{
    /// <summary>A view of a record; valid as long as the record is.</summary>
    internal static Publication PublicationOf(in MessageRecord record, SessionEnvironment environment) => new(environment.Messages)
    {
        TopicName = record.TopicName,
        Properties = record.Properties,
        Payload = record.Payload,
        QoS = record.QoS,
        Retain = record.Retain,
        ExpiresAt = environment.Clock.FromWallClock(record.ExpiresAt),
        Origin = record.PublisherClientId is { } clientId
            ? new Identity(clientId, record.PublisherUserName, record.PublisherAddress is { } address ? new IPEndPoint(address, 0) : null, record.PublisherDomain ?? "")
            : null,
    };

    /// <summary>A kept message with one reference, which is the caller's.</summary>
    internal static PublishedMessage Keep(in MessageRecord record, SessionEnvironment environment)
    {
        var publication = PublicationOf(record, environment);
        var message = publication.Keep();
        publication.Dispose();
        message.StoreId = record.Id;
        return message;
    }

    /// <summary>A delivery that takes over a reference to its message; null where the message is over.</summary>
    internal static Delivery DeliveryOf(in DeliveryRecord record, PublishedMessage? message, SessionEnvironment environment) => new()
    {
        Message = message!,
        Group = record.ShareName is { } shareName ? environment.Subscriptions.FindGroup(record.ShareFilter, shareName) : null,
        SubscriptionIdentifier = record.SubscriptionIdentifier,
        SubscriptionIdentifiers = record.SubscriptionIdentifiers,
        QoS = record.QoS,
        Retain = record.Retain,
        Number = record.Number,
    };
}
