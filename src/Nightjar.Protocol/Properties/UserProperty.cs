namespace Nightjar.Protocol;

/// <summary>A User Property: a pair of strings with a meaning that the protocol does not know.</summary>
public readonly ref struct UserProperty
{
    internal UserProperty(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name = name;
        Value = value;
    }

    /// <summary>Name; need not be unique.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Value.</summary>
    public ReadOnlySpan<byte> Value { get; }
}
