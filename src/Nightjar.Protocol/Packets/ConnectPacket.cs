namespace Nightjar.Protocol;

/// <summary>CONNECT (§3.1): the first packet of a connection.</summary>
/// <remarks>
/// <code>
/// string       Protocol Name: MQTT, or MQIsdp for 3.1
/// byte         Protocol Level: 3, 4 or 5; bit 7 of 3 and 4 marks a bridge
/// byte         User Name, Password, Will Retain, Will QoS (2 bits), Will, Clean Start, reserved
/// two bytes    Keep Alive
/// block        properties, v5 only
/// string       Client Identifier
/// block        Will Properties, v5 only   \
/// string       Will Topic                  } if the Will flag is set
/// binary       Will Payload               /
/// string       User Name, if its flag is set
/// binary       Password, if its flag is set
/// </code>
/// </remarks>
public readonly ref struct ConnectPacket
{
    private readonly byte _flags;

    internal ConnectPacket(scoped in ConnectReader reader)
    {
        Version = reader.Version;
        IsBridge = reader.IsBridge;
        _flags = reader.Flags;
        KeepAlive = reader.KeepAlive;
        Properties = reader.Properties;
        UserPropertyCount = reader.UserPropertyCount;
        SessionExpiryInterval = reader.SessionExpiryInterval;
        ReceiveMaximum = reader.ReceiveMaximum;
        MaximumPacketSize = reader.MaximumPacketSize;
        TopicAliasMaximum = reader.TopicAliasMaximum;
        RequestResponseInformation = reader.RequestResponseInformation;
        RequestProblemInformation = reader.RequestProblemInformation;
        HasAuthenticationMethod = reader.HasAuthenticationMethod;
        AuthenticationMethod = reader.AuthenticationMethod;
        HasAuthenticationData = reader.HasAuthenticationData;
        AuthenticationData = reader.AuthenticationData;
        ClientId = reader.ClientId;
        WillProperties = reader.WillProperties;
        WillTopic = reader.WillTopic;
        WillPayload = reader.WillPayload;
        UserName = reader.UserName;
        Password = reader.Password;
    }

    /// <summary>Protocol Version. Also set in a packet that was refused after its level was read, so that the server knows how to say no;
    /// None when it was not.</summary>
    public ProtocolVersion Version { get; }

    /// <summary>Whether the level has bit 7 set, by which a bridge of Mosquitto's kind tells what it is (3.1 and 3.1.1).</summary>
    public bool IsBridge { get; }

    /// <summary>Clean Start in v5, Clean Session before.</summary>
    public bool CleanStart => (_flags & ConnectReader.CleanStartFlag) != 0;

    /// <summary>Keep Alive in seconds; 0 turns it off.</summary>
    public ushort KeepAlive { get; }

    /// <summary>Client Identifier; may be empty. Whether an empty one will do is for the server to say [MQTT-3.1.3-8 v3.1.1].</summary>
    public ReadOnlySpan<byte> ClientId { get; }

    /// <summary>Whether a User Name is there. In 3.1 the flag may be set and the field missing: then it counts as not there.</summary>
    public bool HasUserName => (_flags & ConnectReader.UserNameFlag) != 0;

    /// <summary>User Name; empty when there is none.</summary>
    public ReadOnlySpan<byte> UserName { get; }

    /// <summary>Whether a Password is there; as for the User Name in 3.1.</summary>
    public bool HasPassword => (_flags & ConnectReader.PasswordFlag) != 0;

    /// <summary>Password, any bytes; empty when there is none.</summary>
    public ReadOnlySpan<byte> Password { get; }

    /// <summary>Whether a Will Message is there.</summary>
    public bool HasWill => (_flags & ConnectReader.WillFlag) != 0;

    /// <summary>QoS of the Will Message.</summary>
    public QualityOfService WillQoS => (QualityOfService)((_flags >> ConnectReader.WillQoSShift) & 0b11);

    /// <summary>Whether the Will Message is to be retained.</summary>
    public bool WillRetain => (_flags & ConnectReader.WillRetainFlag) != 0;

    /// <summary>Topic of the Will Message, a valid Topic Name; empty when there is none.</summary>
    public ReadOnlySpan<byte> WillTopic { get; }

    /// <summary>Payload of the Will Message.</summary>
    public ReadOnlySpan<byte> WillPayload { get; }

    /// <summary>Seconds between the end of the connection and the Will Message.</summary>
    public uint WillDelayInterval => WillProperties.WillDelayInterval;

    /// <summary>Properties of the Will Message.</summary>
    public PublishProperties WillProperties { get; }

    /// <summary>Session Expiry Interval in seconds; 0 when absent, <see cref="uint.MaxValue"/> for never.</summary>
    public uint SessionExpiryInterval { get; }

    /// <summary>Receive Maximum of the client, 1 to 65 535; 65 535 when absent.</summary>
    public ushort ReceiveMaximum { get; }

    /// <summary>Maximum Packet Size of the client in bytes; <see cref="uint.MaxValue"/> when absent.</summary>
    public uint MaximumPacketSize { get; }

    /// <summary>Topic Alias Maximum of the client; 0 when absent.</summary>
    public ushort TopicAliasMaximum { get; }

    /// <summary>Whether the client asks for Response Information; false when absent.</summary>
    public bool RequestResponseInformation { get; }

    /// <summary>Whether the client wants reason strings and user properties on every packet; true when absent.</summary>
    public bool RequestProblemInformation { get; }

    /// <summary>Whether an Authentication Method is there.</summary>
    public bool HasAuthenticationMethod { get; }

    /// <summary>Authentication Method; empty when there is none.</summary>
    public ReadOnlySpan<byte> AuthenticationMethod { get; }

    /// <summary>Whether Authentication Data is there.</summary>
    public bool HasAuthenticationData { get; }

    /// <summary>Authentication Data; empty when there is none.</summary>
    public ReadOnlySpan<byte> AuthenticationData { get; }

    /// <summary>How many User Properties CONNECT has, those of the Will Message not counted.</summary>
    public int UserPropertyCount { get; }

    /// <summary>The User Properties of CONNECT in order.</summary>
    public UserPropertyEnumerable UserProperties => new(Properties);

    /// <summary>The properties of CONNECT as they were received, without the Property Length.</summary>
    public ReadOnlySpan<byte> Properties { get; }

    /// <summary>Reads a CONNECT and judges all that can be judged without the server's options.</summary>
    /// <param name="frame">A frame of type CONNECT.</param>
    /// <param name="packet">Views of the frame; on failure only <see cref="Version"/> and <see cref="IsBridge"/> mean anything.</param>
    /// <param name="error">Set when false is returned: 0x84 for a name or level that is not known [MQTT-3.1.2-1] [MQTT-3.1.2-2], 0x81 for
    /// what cannot be parsed and for illegal flags, 0x82 for what the protocol forbids, 0x90 for a wildcard in the Will Topic.</param>
    /// <returns>Whether the packet is valid.</returns>
    /// <remarks>Does not throw or allocate. Before v5 the server closes without CONNACK, except for a level it does not know.</remarks>
    public static bool TryRead(in Frame frame, out ConnectPacket packet, out ProtocolError error)
    {
        var reader = new ConnectReader(in frame);
        bool valid = reader.TryRead(in frame);
        packet = new ConnectPacket(in reader);
        error = reader.Error;
        return valid;
    }
}
