using Nightjar.Broker.Collections;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>A topic name that lies in the log, as a key.</summary>
internal readonly unsafe struct TopicKey(byte* bytes, int length) : IEquatable<TopicKey>
{
    private readonly byte* _bytes = bytes;
    private readonly int _length = length;
    private readonly uint _hash = SeededHash.Hash32(new ReadOnlySpan<byte>(bytes, length));

    public bool Equals(TopicKey other) =>
        _hash == other._hash && new ReadOnlySpan<byte>(_bytes, _length).SequenceEqual(new ReadOnlySpan<byte>(other._bytes, other._length));

    public override bool Equals(object? obj) => obj is TopicKey other && Equals(other);

    public override int GetHashCode() => (int)_hash;
}
