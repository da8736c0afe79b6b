namespace Nightjar.Protocol;

/// <summary>The User Properties of a packet, in the order in which they stand in it.</summary>
public readonly ref struct UserPropertyEnumerable
{
    private readonly ReadOnlySpan<byte> _block;

    /// <summary>Covers the User Properties among the properties of a packet that was read.</summary>
    /// <param name="properties">The raw block of a packet whose TryRead returned true.</param>
    internal UserPropertyEnumerable(ReadOnlySpan<byte> properties) => _block = properties;

    /// <summary>Starts before the first.</summary>
    public Enumerator GetEnumerator() => new(_block);

    /// <summary>Walks the block once; no allocation.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> block)
        {
            _rest = block;
            Current = default;
        }

        /// <summary>The pair that was moved to.</summary>
        public UserProperty Current { get; private set; }

        /// <summary>Moves to the next pair.</summary>
        public bool MoveNext()
        {
            while (!_rest.IsEmpty)
            {
                ReadOnlySpan<byte> property = _rest[..PropertyBlock.LengthOfFirst(_rest)];
                _rest = _rest[property.Length..];
                if (property[0] != (byte)PropertyId.UserProperty) continue;

                ReadOnlySpan<byte> name = PropertyBlock.ValueAt(property, 0);
                Current = new UserProperty(name, property[(3 + name.Length + 2)..]);
                return true;
            }

            return false;
        }
    }
}
