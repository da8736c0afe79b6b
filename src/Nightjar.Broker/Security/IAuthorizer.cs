namespace Nightjar.Broker.Security;

/// <summary>What somebody wants to do with a topic.</summary>
public enum AccessAction
{
    /// <summary>Publish to a topic name.</summary>
    Write,

    /// <summary>Receive a message of a topic name.</summary>
    Read,

    /// <summary>Subscribe to a topic filter (without <c>$share/name/</c>).</summary>
    Subscribe,

    /// <summary>Unsubscribe from a topic filter.</summary>
    Unsubscribe,
}

/// <summary>Decides who may do what. An immutable program: a change of rights is a new instance handed to <see cref="AccessGate.Replace"/>.</summary>
public interface IAuthorizer
{
    /// <summary>Whether an identity may act on a topic.</summary>
    /// <param name="identity">Who.</param>
    /// <param name="action">What.</param>
    /// <param name="topic">Topic name or, for subscribe and unsubscribe, topic filter; UTF-8.</param>
    /// <remarks>Called when a decision is first needed, on I/O threads: must not block, allocate per call or throw. Decisions are cached until the program is replaced.</remarks>
    bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic);
}
