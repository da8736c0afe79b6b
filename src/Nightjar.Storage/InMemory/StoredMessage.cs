using System.Net;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.InMemory;

/// <summary>A message with bytes of its own: those of the engine go back to a pool.</summary>
internal sealed class StoredMessage
{
    private readonly byte[] _topicName;
    private readonly byte[] _properties;
    private readonly byte[] _payload;
    private readonly QualityOfService _qos;
    private readonly bool _retain;
    private readonly long _expiresAt;
    private readonly string? _clientId;
    private readonly string? _userName;
    private readonly IPAddress? _address;
    private readonly string? _domain;

    internal StoredMessage(long id, in MessageRecord record)
    {
        Id = id;
        _topicName = record.TopicName.ToArray();
        _properties = record.Properties.ToArray();
        _payload = record.Payload.ToArray();
        _qos = record.QoS;
        _retain = record.Retain;
        _expiresAt = record.ExpiresAt;
        _clientId = record.PublisherClientId;
        _userName = record.PublisherUserName;
        _address = record.PublisherAddress;
        _domain = record.PublisherDomain;
    }

    internal long Id { get; }

    /// <summary>Bytes of topic name, properties and payload.</summary>
    internal int Size => _topicName.Length + _properties.Length + _payload.Length;

    /// <summary>Deliveries that name it.</summary>
    internal int Deliveries { get; set; }

    internal MessageRecord Record => new()
    {
        Id = Id,
        TopicName = _topicName,
        Properties = _properties,
        Payload = _payload,
        QoS = _qos,
        Retain = _retain,
        ExpiresAt = _expiresAt,
        PublisherClientId = _clientId,
        PublisherUserName = _userName,
        PublisherAddress = _address,
        PublisherDomain = _domain,
    };
}
