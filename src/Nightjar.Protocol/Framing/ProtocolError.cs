namespace Nightjar.Protocol;

/// <summary>Why a packet is refused: a value, made without allocation, that travels to the one place which closes the connection.</summary>
public readonly struct ProtocolError
{
    /// <summary>Makes the value.</summary>
    /// <param name="reasonCode">What DISCONNECT or CONNACK says in v5; v3 closes without a word.</param>
    /// <param name="rule">A constant: the id of the broken statement of MQTT 5.0, or a few words where it has no number.</param>
    /// <param name="offset">Bytes from the start of the packet to where it was noticed.</param>
    public ProtocolError(ReasonCode reasonCode, string rule, int offset = 0)
    {
        ReasonCode = reasonCode;
        Rule = rule;
        Offset = offset;
    }

    /// <summary>What DISCONNECT or CONNACK says in v5. Success in the default value, which stands for no error.</summary>
    public ReasonCode ReasonCode { get; }

    /// <summary>Statement id of MQTT 5.0, such as MQTT-3.1.2-3, or a few words where the rule has no number. Null in the default
    /// value.</summary>
    public string Rule { get; }

    /// <summary>Bytes from the first byte of the packet to the field that broke the rule.</summary>
    public int Offset { get; }

    /// <inheritdoc/>
    public override string ToString() => $"0x{(byte)ReasonCode:X2} {Rule} at {Offset}";
}
