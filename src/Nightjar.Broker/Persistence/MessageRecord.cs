using System.Net;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Protocol;

namespace Nightjar.Broker.Persistence;

/// <summary>A message as a store keeps it: version-neutral, and with its expiry on the wall clock, since it outlives the process.</summary>
internal readonly ref struct MessageRecord
{
    /// <summary>Name in the store; 0 where nothing names it.</summary>
    internal long Id { get; init; }

    internal ReadOnlySpan<byte> TopicName { get; init; }

    /// <summary>Encoded properties that a broker forwards unchanged and in order.</summary>
    internal ReadOnlySpan<byte> Properties { get; init; }

    internal ReadOnlySpan<byte> Payload { get; init; }

    internal QualityOfService QoS { get; init; }

    internal bool Retain { get; init; }

    /// <summary>When it expires, in Unix milliseconds of the wall clock; <see cref="long.MaxValue"/> for never.</summary>
    internal long ExpiresAt { get; init; }

    /// <summary>Who published; null for the broker itself.</summary>
    internal string? PublisherClientId { get; init; }

    internal string? PublisherUserName { get; init; }

    /// <summary>Network address of the publisher; null when it has none.</summary>
    internal IPAddress? PublisherAddress { get; init; }

    /// <summary>Security domain of the publisher's listener; null for the common one.</summary>
    internal string? PublisherDomain { get; init; }

    /// <summary>A view of a kept message; valid while the caller holds a reference.</summary>
    internal static MessageRecord Of(PublishedMessage message, BrokerClock clock) => new()
    {
        Id = message.StoreId,
        TopicName = message.TopicName,
        Properties = message.Properties,
        Payload = message.Payload,
        QoS = message.QoS,
        Retain = message.Retain,
        ExpiresAt = clock.ToWallClock(message.ExpiresAt),
        PublisherClientId = message.Origin?.ClientId,
        PublisherUserName = message.Origin?.UserName,
        PublisherAddress = (message.Origin?.Address as IPEndPoint)?.Address,
        PublisherDomain = message.Origin?.SecurityDomain,
    };
}
