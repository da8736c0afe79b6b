namespace Nightjar.Protocol;

/// <summary>One property as it was read.</summary>
internal ref struct Property
{
    /// <summary>Which one.</summary>
    internal PropertyId Id;

    /// <summary>Value of an integer property.</summary>
    internal uint Number;

    /// <summary>Value of a string, binary or pair property, without its length.</summary>
    internal ReadOnlySpan<byte> Value;

    /// <summary>Name of a pair.</summary>
    internal ReadOnlySpan<byte> Name;

    /// <summary>Bytes from the start of the block to the identifier.</summary>
    internal int Start;
}
