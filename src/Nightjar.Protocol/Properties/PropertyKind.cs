namespace Nightjar.Protocol;

/// <summary>How the value of a property is encoded (§2.2.2.2).</summary>
internal enum PropertyKind : byte
{
    /// <summary>No such property.</summary>
    Unknown,

    /// <summary>One byte that may only be 0 or 1.</summary>
    Boolean,

    /// <summary>Two Byte Integer.</summary>
    TwoByteInteger,

    /// <summary>Four Byte Integer.</summary>
    FourByteInteger,

    /// <summary>Variable Byte Integer.</summary>
    VariableByteInteger,

    /// <summary>UTF-8 Encoded String.</summary>
    Utf8String,

    /// <summary>Binary Data.</summary>
    BinaryData,

    /// <summary>UTF-8 String Pair.</summary>
    Utf8StringPair,
}
