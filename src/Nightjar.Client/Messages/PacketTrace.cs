using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>What diagnostics may know of one packet; valid during the call only.</summary>
public readonly ref struct PacketTrace
{
    /// <summary>True: sent by this client; false: received.</summary>
    public bool IsOutgoing { get; init; }

    /// <summary>Packet type.</summary>
    public PacketType Type { get; init; }

    /// <summary>Packet Identifier; 0 when it has none.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Reason code (or v3 return code as a byte) where the packet has exactly one.</summary>
    public byte Code { get; init; }

    /// <summary>PUBLISH: QoS, retain and dup flags; SUBSCRIBE: the options byte of this filter.</summary>
    public byte Flags { get; init; }

    /// <summary>Topic Name of PUBLISH; Topic Filter of SUBSCRIBE and UNSUBSCRIBE (one call for each filter).</summary>
    public ReadOnlySpan<byte> Topic { get; init; }

    /// <summary>Payload length of PUBLISH.</summary>
    public int PayloadLength { get; init; }

    /// <summary>The client's identifier, as far as it is known.</summary>
    public string ClientId { get; init; }
}

/// <summary>Sees packets go by.</summary>
public delegate void PacketTraceHandler(scoped in PacketTrace packet);
