using System.Diagnostics.CodeAnalysis;

namespace Nightjar.Client.Links;

/// <summary>Topic aliases given to published topics on one network connection [MQTT-3.3.2-7]: first come, first served.</summary>
internal sealed class OutgoingAliases
{
    private readonly Dictionary<byte[], ushort> _aliases;
    private readonly Dictionary<byte[], ushort>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;

    internal OutgoingAliases()
    {
        _aliases = new Dictionary<byte[], ushort>(TopicComparer.Instance);
        _bySpan = _aliases.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Finds or gives the alias of a topic. Allocates only when it gives one.</summary>
    /// <param name="topicName">Topic Name.</param>
    /// <param name="maximum">Topic Alias Maximum of the server [MQTT-3.3.2-9].</param>
    /// <param name="known">True when the server knows the alias already, so that the topic may be left out.</param>
    /// <returns>The alias, or 0 when none is left.</returns>
    internal ushort Take(ReadOnlySpan<byte> topicName, ushort maximum, out bool known)
    {
        known = _bySpan.TryGetValue(topicName, out ushort alias);
        if (known || _aliases.Count >= maximum) return alias;
        alias = (ushort)(_aliases.Count + 1);
        _aliases.Add(topicName.ToArray(), alias);
        return alias;
    }

    private sealed class TopicComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        internal static readonly TopicComparer Instance = new();

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = default;
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());
    }
}
