namespace Nightjar.Protocol;

/// <summary>The Subscription Identifiers of a PUBLISH, in order.</summary>
public readonly ref struct SubscriptionIdentifierEnumerable
{
    private readonly ReadOnlySpan<byte> _block;

    internal SubscriptionIdentifierEnumerable(ReadOnlySpan<byte> properties) => _block = properties;

    /// <summary>Starts before the first.</summary>
    public Enumerator GetEnumerator() => new(_block);

    /// <summary>Walks the block once; no allocation.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> block)
        {
            _rest = block;
            Current = 0;
        }

        /// <summary>The identifier that was moved to: 1 to 268 435 455.</summary>
        public uint Current { get; private set; }

        /// <summary>Moves to the next identifier.</summary>
        public bool MoveNext()
        {
            while (!_rest.IsEmpty)
            {
                ReadOnlySpan<byte> property = _rest[..PropertyBlock.LengthOfFirst(_rest)];
                _rest = _rest[property.Length..];
                if (property[0] != (byte)PropertyId.SubscriptionIdentifier) continue;

                VariableByteInteger.TryRead(property[1..], out int value, out _);
                Current = (uint)value;
                return true;
            }

            return false;
        }
    }
}
