using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.Inspection;

/// <summary>Counts what a store hands over, and looks whether it fits together.</summary>
/// <remarks>Memory: an id a message and a session, not their content.</remarks>
internal sealed class StoreSurvey : IRecoverySink
{
    private const int MaximumProblems = 100;
    private readonly HashSet<long> _messages = [];
    private readonly HashSet<long> _unnamed = [];
    private readonly HashSet<string> _clientIds = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Session> _sessions = [];
    private readonly List<string> _problems = [];
    private int _furtherProblems;

    internal StoreCounts Counts { get; } = new();

    /// <summary>What does not fit together, each in a sentence.</summary>
    internal IReadOnlyList<string> Problems => _furtherProblems == 0 ? _problems : [.. _problems, $"And {_furtherProblems} more of the kind."];

    /// <summary>The clients for which most waits, most first.</summary>
    internal IReadOnlyList<SessionBacklog> Longest(int count) =>
    [
        .. _sessions.Values.Where(session => session.Deliveries > 0)
            .OrderByDescending(session => session.Deliveries)
            .ThenBy(session => session.ClientId, StringComparer.Ordinal)
            .Take(count)
            .Select(session => new SessionBacklog(session.ClientId, session.Deliveries)),
    ];

    /// <summary>Looks at what can only be seen at the end.</summary>
    internal void Finish()
    {
        if (_unnamed.Count > 0) Problem($"{_unnamed.Count} messages are there and wait for nobody.");
    }

    public void OnMessage(in MessageRecord message)
    {
        if (!_messages.Add(message.Id)) Problem($"There are two messages of id {message.Id}.");
        _unnamed.Add(message.Id);
        Counts.Messages++;
        Counts.MessageBytes += SizeOf(message);
        CheckTopic(message, $"message {message.Id}");
    }

    public void OnRetained(in MessageRecord message)
    {
        Counts.Retained++;
        Counts.RetainedBytes += SizeOf(message);
        CheckTopic(message, "a retained message");
        if (message.Payload.IsEmpty) Problem("A retained message is empty.");
    }

    public void OnSession(SessionClaim session, in SessionRecord record)
    {
        Counts.Sessions++;
        if (!_clientIds.Add(record.ClientId)) Problem($"There are two sessions of client '{record.ClientId}'.");
        if (!_sessions.TryAdd(session.Key, new Session(record.ClientId))) Problem($"There are two sessions of key {session.Key}.");
    }

    public void OnSubscription(long sessionKey, ReadOnlySpan<byte> topicFilter, byte options, uint subscriptionIdentifier)
    {
        Counts.Subscriptions++;
        if (SharedSubscription.IsShared(topicFilter)) Counts.SharedSubscriptions++;
        if (!_sessions.TryGetValue(sessionKey, out var session)) Problem($"A subscription belongs to session {sessionKey}, which is not there.");
        if (!TopicFilter.IsValid(topicFilter)) Problem($"A topic filter of client '{session?.ClientId}' is not valid.");
    }

    public void OnWill(long sessionKey, in MessageRecord message, uint delayInterval, uint? expiryInterval)
    {
        Counts.Wills++;
        if (!_sessions.ContainsKey(sessionKey)) Problem($"A will belongs to session {sessionKey}, which is not there.");
        CheckTopic(message, "a will");
    }

    public void OnDelivery(long sessionKey, long messageId, in DeliveryRecord delivery, DeliveryState state, ushort packetId)
    {
        switch (state)
        {
            case DeliveryState.Queued:
                Counts.Queued++;
                break;
            case DeliveryState.Sent:
                Counts.Sent++;
                break;
            default:
                Counts.Received++;
                break;
        }

        _unnamed.Remove(messageId);
        if (state != DeliveryState.Received && !_messages.Contains(messageId)) Problem($"A delivery names message {messageId}, which is not there.");
        if (!_sessions.TryGetValue(sessionKey, out var session))
        {
            Problem($"A delivery belongs to session {sessionKey}, which is not there.");
            return;
        }

        if (delivery.Number <= session.LastNumber) Problem($"The deliveries of client '{session.ClientId}' are not in order: {delivery.Number} follows {session.LastNumber}.");
        if (state != DeliveryState.Queued && (packetId == 0 || !session.PacketIds.Add(packetId)))
            Problem($"Packet id {packetId} of client '{session.ClientId}' {(packetId == 0 ? "is not possible." : "is used twice.")}");
        session.LastNumber = delivery.Number;
        session.Deliveries++;
    }

    public void OnReceivedId(long sessionKey, ushort packetId)
    {
        Counts.ReceivedIds++;
        if (!_sessions.ContainsKey(sessionKey)) Problem($"A received packet id belongs to session {sessionKey}, which is not there.");
    }

    private static long SizeOf(in MessageRecord message) => message.TopicName.Length + message.Properties.Length + message.Payload.Length;

    private void CheckTopic(in MessageRecord message, string what)
    {
        if (!TopicName.IsValid(message.TopicName)) Problem($"The topic name of {what} is not valid.");
    }

    private void Problem(string sentence)
    {
        if (_problems.Count < MaximumProblems) _problems.Add(sentence);
        else _furtherProblems++;
    }

    private sealed class Session(string clientId)
    {
        internal readonly string ClientId = clientId;
        internal readonly HashSet<ushort> PacketIds = [];
        internal long LastNumber = long.MinValue;
        internal long Deliveries;
    }
}
