using static Nightjar.Protocol.PropertyKind;

namespace Nightjar.Protocol;

/// <summary>Encoding and places of every property: table 2-4 of the specification, by identifier.</summary>
internal static class PropertyTable
{
    /// <summary>First identifier beyond the table.</summary>
    internal const int Count = 0x2B;

    private static ReadOnlySpan<byte> Kinds =>
    [
        /* 00 */ 0, (byte)PropertyKind.Boolean, (byte)FourByteInteger, (byte)Utf8String,
        /* 04 */ 0, 0, 0, 0,
        /* 08 */ (byte)Utf8String, (byte)BinaryData, 0, (byte)PropertyKind.VariableByteInteger,
        /* 0C */ 0, 0, 0, 0,
        /* 10 */ 0, (byte)FourByteInteger, (byte)Utf8String, (byte)TwoByteInteger,
        /* 14 */ 0, (byte)Utf8String, (byte)BinaryData, (byte)PropertyKind.Boolean,
        /* 18 */ (byte)FourByteInteger, (byte)PropertyKind.Boolean, (byte)Utf8String, 0,
        /* 1C */ (byte)Utf8String, 0, 0, (byte)Utf8String,
        /* 20 */ 0, (byte)TwoByteInteger, (byte)TwoByteInteger, (byte)TwoByteInteger,
        /* 24 */ (byte)PropertyKind.Boolean, (byte)PropertyKind.Boolean, (byte)Utf8StringPair, (byte)FourByteInteger,
        /* 28 */ (byte)PropertyKind.Boolean, (byte)PropertyKind.Boolean, (byte)PropertyKind.Boolean,
    ];

    private static ReadOnlySpan<ushort> Scopes =>
    [
        /* 00 */ 0, PropertyScope.Message, PropertyScope.Message, PropertyScope.Message,
        /* 04 */ 0, 0, 0, 0,
        /* 08 */ PropertyScope.Message, PropertyScope.Message, 0, PropertyScope.Publish | PropertyScope.Subscribe,
        /* 0C */ 0, 0, 0, 0,
        /* 10 */ 0, PropertyScope.Connect | PropertyScope.ConnAck | PropertyScope.Disconnect, PropertyScope.ConnAck, PropertyScope.ConnAck,
        /* 14 */ 0, AuthenticationScope, AuthenticationScope, PropertyScope.Connect,
        /* 18 */ PropertyScope.Will, PropertyScope.Connect, PropertyScope.ConnAck, 0,
        /* 1C */ PropertyScope.ConnAck | PropertyScope.Disconnect, 0, 0, PropertyScope.WithReasonString,
        /* 20 */ 0, PropertyScope.Connect | PropertyScope.ConnAck, PropertyScope.Connect | PropertyScope.ConnAck, PropertyScope.Publish,
        /* 24 */ PropertyScope.ConnAck, PropertyScope.ConnAck, PropertyScope.Everywhere, PropertyScope.Connect | PropertyScope.ConnAck,
        /* 28 */ PropertyScope.ConnAck, PropertyScope.ConnAck, PropertyScope.ConnAck,
    ];

    private const ushort AuthenticationScope = PropertyScope.Connect | PropertyScope.ConnAck | PropertyScope.Auth;

    /// <summary>Encoding of a property; Unknown for any identifier that names none.</summary>
    internal static PropertyKind KindOf(int id) => (uint)id < (uint)Kinds.Length ? (PropertyKind)Kinds[id] : Unknown;

    /// <summary>Bits of <see cref="PropertyScope"/> for a known identifier.</summary>
    internal static ushort ScopeOf(int id) => Scopes[id];
}
