using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.Mosquitto;

/// <summary>A message read from a file, checked: its topic name and its properties are valid.</summary>
internal sealed class MosquittoMessage
{
    /// <summary>The end of year 9999 in Unix seconds: a later time is damage.</summary>
    internal const long LatestTime = 253_402_300_799;

    internal required long Id { get; init; }

    internal required byte[] TopicName { get; init; }

    /// <summary>What a broker passes on, encoded.</summary>
    internal byte[] Properties { get; init; } = [];

    internal byte[] Payload { get; init; } = [];

    internal required byte QoS { get; init; }

    internal bool Retain { get; init; }

    /// <summary>In Unix seconds; 0 for never.</summary>
    internal long ExpiresAt { get; init; }

    internal string? SourceId { get; init; }

    internal string? SourceUserName { get; init; }

    /// <summary>As a store keeps it.</summary>
    internal MessageRecord Record => new()
    {
        Id = Id,
        TopicName = TopicName,
        Properties = Properties,
        Payload = Payload,
        QoS = (QualityOfService)QoS,
        Retain = Retain,
        ExpiresAt = ExpiresAt == 0 ? long.MaxValue : ExpiresAt * 1000,
        PublisherClientId = SourceId,
        PublisherUserName = SourceUserName,
    };
}
