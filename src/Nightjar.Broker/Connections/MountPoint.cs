using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>
/// What a listener puts in front of every topic of its clients, so that groups of clients see nothing of each other. Everything behind the
/// handlers (rights, routes, retained messages, stores) knows the whole topic; <see cref="SessionLink"/> takes the prefix off again.
/// </summary>
/// <remarks>Does not allocate but for a will: the mounted topic stands in the batch's topic scratch until the next one is mounted.</remarks>
internal sealed class MountPoint
{
    private MountPoint(byte[] prefix) => Prefix = prefix;

    /// <summary>The prefix in UTF-8.</summary>
    internal byte[] Prefix { get; }

    /// <summary>That of a listener; null when it has none.</summary>
    internal static MountPoint? Of(ListenerOptions listener) =>
        string.IsNullOrEmpty(listener.MountPoint) ? null : new MountPoint(Encoding.UTF8.GetBytes(listener.MountPoint));

    /// <summary>The whole topic name.</summary>
    /// <returns>False when it is longer than a topic name may be.</returns>
    internal bool TryMount(ReadOnlySpan<byte> topicName, BatchContext context, out ReadOnlySpan<byte> mounted) =>
        TryCompose(default, topicName, context, out mounted);

    /// <summary>The whole topic filter; that of a shared subscription is mounted behind its share name, which Mosquitto does not do.</summary>
    /// <returns>False when it is longer than a topic filter may be, or was not a valid one.</returns>
    internal bool TryMountFilter(ReadOnlySpan<byte> topicFilter, BatchContext context, out ReadOnlySpan<byte> mounted)
    {
        mounted = default;
        // A mounted filter can be valid when what was sent is not.
        if (!TopicFilter.IsValid(topicFilter)) return false;
        if (!SharedSubscription.TryParse(topicFilter, out var shared)) return TryCompose(default, topicFilter, context, out mounted);
        return TryCompose(topicFilter[..^shared.TopicFilter.Length], shared.TopicFilter, context, out mounted);
    }

    /// <summary>The whole topic of a will; null when it is longer than a topic name may be, or was not a valid one.</summary>
    internal byte[]? MountWill(byte[] topicName) =>
        TopicName.IsValid(topicName) && Prefix.Length + topicName.Length <= TopicName.MaximumLength ? [.. Prefix, .. topicName] : null;

    private bool TryCompose(ReadOnlySpan<byte> front, ReadOnlySpan<byte> topic, BatchContext context, out ReadOnlySpan<byte> mounted)
    {
        mounted = default;
        var length = front.Length + Prefix.Length + topic.Length;
        if (length > TopicName.MaximumLength) return false;
        var scratch = context.EnsureTopicScratch(length);
        front.CopyTo(scratch);
        Prefix.CopyTo(scratch, front.Length);
        topic.CopyTo(scratch.AsSpan(front.Length + Prefix.Length));
        mounted = scratch.AsSpan(0, length);
        return true;
    }
}
