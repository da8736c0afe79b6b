using System.Runtime.CompilerServices;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Security;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Sessions;

/// <summary>A subscriber that messages are delivered to: a client's session, or a subscriber inside the embedding application.</summary>
internal abstract class MessageReceiver : Subscriber
{
    /// <summary>Who reads; null for the broker itself.</summary>
    internal abstract Identity? Identity { get; }

    /// <summary>Whether a message delivered now would be sent now: what a shared subscription prefers.</summary>
    internal abstract Readiness Readiness { get; }

    /// <summary>Whether a message of that size and QoS would be dropped because a queue is full.</summary>
    internal virtual bool Rejects(int size, QualityOfService qos) => false;

    /// <summary>Whether a message of that QoS would have to be kept by the stores. A benign race: the answer may be a moment old.</summary>
    internal virtual bool NeedsStore(QualityOfService qos) => false;

    /// <summary>Delivers one message. Does not wait; what was written is sent when the batch ends.</summary>
    internal abstract void Deliver(ref Publication publication, in Receiver receiver, BatchContext context);

    /// <summary>Delivers all messages of a run, in order.</summary>
    internal abstract void Deliver(MessageRun run, in Receiver receiver, BatchContext context);
}

/// <summary>How far a receiver can take a message.</summary>
internal enum Readiness
{
    /// <summary>It would be dropped.</summary>
    None,

    /// <summary>Offline: a message of QoS 1 or 2 would wait for the client to come back.</summary>
    Offline,

    /// <summary>Connected, and a message would wait for acknowledgements or for the socket.</summary>
    Busy,

    /// <summary>Connected, and a message would be sent at once.</summary>
    Ready,
}

/// <summary>One receiver of a route, with every decision that does not depend on the message made.</summary>
internal struct Receiver
{
    internal MessageReceiver Target;

    /// <summary>The shared subscription it is chosen for; null otherwise.</summary>
    internal SharedGroup? Group;

    /// <summary>Identifiers of all its matching subscriptions when one copy stands for several; null otherwise.</summary>
    internal uint[]? SubscriptionIdentifiers;

    internal uint SubscriptionIdentifier;
    internal QualityOfService MaximumQoS;

    /// <summary>At least one of its subscriptions has No Local: its own messages go by <see cref="Own"/>.</summary>
    internal bool NoLocal;
    internal bool RetainAsPublished;

    /// <summary>With <see cref="NoLocal"/>, what its subscriptions without No Local come to when one copy stands for several; null when it has none.</summary>
    internal StrongBox<Receiver>? Own;
}
