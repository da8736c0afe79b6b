using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>Encodes MQTT 5.0 properties (§2.2.2.2) one after the other, without the leading Property Length.</summary>
/// <remarks>Says nothing about which packet may carry a property, or how often; not thread-safe.</remarks>
public sealed class PropertyBlockBuilder
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Bytes encoded so far.</summary>
    public int Length => _buffer.WrittenCount;

    /// <summary>Adds Payload Format Indicator (0x01): 0 bytes, 1 UTF-8.</summary>
    public PropertyBlockBuilder PayloadFormatIndicator(byte value) => AddByte(PropertyId.PayloadFormatIndicator, value);

    /// <summary>Adds Content Type (0x03).</summary>
    public PropertyBlockBuilder ContentType(string value) => AddText(PropertyId.ContentType, value);

    /// <summary>Adds Response Topic (0x08).</summary>
    public PropertyBlockBuilder ResponseTopic(string value) => AddText(PropertyId.ResponseTopic, value);

    /// <summary>Adds Correlation Data (0x09).</summary>
    public PropertyBlockBuilder CorrelationData(ReadOnlySpan<byte> value) => AddBinary(PropertyId.CorrelationData, value);

    /// <summary>Adds User Property (0x26).</summary>
    public PropertyBlockBuilder UserProperty(string name, string value)
    {
        AddText(PropertyId.UserProperty, name);
        WriteBinary(Encoding.UTF8.GetBytes(value));
        return this;
    }

    /// <summary>Adds a one-byte property.</summary>
    public PropertyBlockBuilder AddByte(PropertyId id, byte value)
    {
        Span<byte> span = _buffer.GetSpan(2);
        span[0] = (byte)id;
        span[1] = value;
        _buffer.Advance(2);
        return this;
    }

    /// <summary>Adds a two-byte integer property.</summary>
    public PropertyBlockBuilder AddUInt16(PropertyId id, ushort value)
    {
        Span<byte> span = _buffer.GetSpan(3);
        span[0] = (byte)id;
        BinaryPrimitives.WriteUInt16BigEndian(span[1..], value);
        _buffer.Advance(3);
        return this;
    }

    /// <summary>Adds a four-byte integer property.</summary>
    public PropertyBlockBuilder AddUInt32(PropertyId id, uint value)
    {
        Span<byte> span = _buffer.GetSpan(5);
        span[0] = (byte)id;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], value);
        _buffer.Advance(5);
        return this;
    }

    /// <summary>Adds a Variable Byte Integer property.</summary>
    public PropertyBlockBuilder AddVariable(PropertyId id, uint value)
    {
        Span<byte> span = _buffer.GetSpan(1 + VariableByteInteger.MaximumLength);
        span[0] = (byte)id;
        _buffer.Advance(1 + VariableByteInteger.Write(span[1..], checked((int)value)));
        return this;
    }

    /// <summary>Adds a UTF-8 string property of at most 65 535 bytes.</summary>
    public PropertyBlockBuilder AddText(PropertyId id, string value) => AddBinary(id, Encoding.UTF8.GetBytes(value));

    /// <summary>Adds a binary property of at most 65 535 bytes.</summary>
    public PropertyBlockBuilder AddBinary(PropertyId id, ReadOnlySpan<byte> value)
    {
        _buffer.GetSpan(1)[0] = (byte)id;
        _buffer.Advance(1);
        WriteBinary(value);
        return this;
    }

    /// <summary>The encoded block, copied.</summary>
    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    private void WriteBinary(ReadOnlySpan<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, ushort.MaxValue, nameof(value));
        Span<byte> span = _buffer.GetSpan(2 + value.Length);
        BinaryPrimitives.WriteUInt16BigEndian(span, (ushort)value.Length);
        value.CopyTo(span[2..]);
        _buffer.Advance(2 + value.Length);
    }
}
