using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Routing;

/// <summary>
/// Where the messages of one topic name go: every matching subscription that may read it, with all decisions made that do not depend on the
/// message. Valid while its generation is; immutable but for what is remembered of who asked.
/// </summary>
internal sealed class Route(byte[] topicName, uint hash, TopicStripe stripe, long generation) : CachedRoute(topicName, hash, stripe, generation)
{
    internal Receiver[] Receivers { get; init; } = [];

    internal SharedGroup[] Groups { get; init; } = [];

    /// <inheritdoc/>
    public override int Bytes =>
        base.Bytes + (int)Math.Min(int.MaxValue / 2, ((long)Receivers.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<Receiver>()) + (Groups.Length * 8L));

    /// <summary>Whether its messages may be given to the receivers together with others: several receivers, and what each of them gets does not depend on who publishes.</summary>
    internal bool CanGather { get; init; }

    /// <summary>A list of rules that lets everybody who has it write to the topic (<see cref="Security.IListAuthorizer"/>); null when none is known.</summary>
    /// <remarks>A benign race: who finds another list there decides himself.</remarks>
    internal object? GrantedTo { get; set; }

    /// <summary>Some subscription matches, readable or not: what decides between success and 0x10 for the publisher.</summary>
    internal bool HasSubscribers { get; init; }

    /// <summary>The rules' generation under which the receivers were chosen.</summary>
    internal long GateGeneration { get; init; }
}
