namespace Nightjar.Protocol;

/// <summary>Reads CONNECT field by field; <see cref="ConnectPacket"/> is what becomes of it.</summary>
internal ref struct ConnectReader
{
    internal const int CleanStartFlag = 0x02;
    internal const int WillFlag = 0x04;
    internal const int WillQoSShift = 3;
    internal const int WillRetainFlag = 0x20;
    internal const int PasswordFlag = 0x40;
    internal const int UserNameFlag = 0x80;
    private const int ReservedFlag = 0x01;
    private const int WillQoSMask = 0x18;
    private const int BridgeBit = 0x80;

    internal ProtocolVersion Version;
    internal bool IsBridge;
    internal byte Flags;
    internal ushort KeepAlive;
    internal ReadOnlySpan<byte> Properties;
    internal int UserPropertyCount;
    internal uint SessionExpiryInterval;
    internal ushort ReceiveMaximum = ushort.MaxValue;
    internal uint MaximumPacketSize = uint.MaxValue;
    internal ushort TopicAliasMaximum;
    internal bool RequestResponseInformation;
    internal bool RequestProblemInformation = true;
    internal bool HasAuthenticationMethod;
    internal ReadOnlySpan<byte> AuthenticationMethod;
    internal bool HasAuthenticationData;
    internal ReadOnlySpan<byte> AuthenticationData;
    internal ReadOnlySpan<byte> ClientId;
    internal PublishProperties WillProperties;
    internal ReadOnlySpan<byte> WillTopic;
    internal ReadOnlySpan<byte> WillPayload;
    internal ReadOnlySpan<byte> UserName;
    internal ReadOnlySpan<byte> Password;
    private BodyReader _reader;

    internal ConnectReader(scoped in Frame frame) => _reader = new BodyReader(in frame);

    internal readonly ProtocolError Error => _reader.Error;

    internal bool TryRead(scoped in Frame frame) =>
        _reader.TryCheckHeader(in frame, PacketType.Connect, 0, Rule.ReservedFlags)
        && TryReadVersion()
        && TryReadFlags()
        && _reader.TryReadUInt16(out KeepAlive)
        && (Version < ProtocolVersion.Mqtt50 || TryReadProperties())
        && _reader.TryReadString(out ClientId)
        && (!Has(WillFlag) || TryReadWill())
        && TryReadCredentials()
        && _reader.TryEnd();

    private readonly bool Has(int flag) => (Flags & flag) != 0;

    private bool TryReadVersion()
    {
        BodyReader start = _reader;
        if (!_reader.TryReadBinary(out ReadOnlySpan<byte> name)) return false;
        bool isMqtt = name.SequenceEqual("MQTT"u8);
        if (!isMqtt && !name.SequenceEqual("MQIsdp"u8))
        {
            _reader = start;
            return _reader.Fail(ReasonCode.UnsupportedProtocolVersion, Rule.ProtocolName);
        }

        if (!_reader.TryReadByte(out byte level)) return false;
        Version = (isMqtt, level & ~BridgeBit) switch
        {
            (false, 3) => ProtocolVersion.Mqtt31,
            (true, 4) => ProtocolVersion.Mqtt311,
            (true, 5) when level < BridgeBit => ProtocolVersion.Mqtt50,
            _ => ProtocolVersion.None,
        };
        IsBridge = Version != ProtocolVersion.None && level >= BridgeBit;
        return Version != ProtocolVersion.None || _reader.Fail(ReasonCode.UnsupportedProtocolVersion, Rule.ProtocolLevel);
    }

    private bool TryReadFlags()
    {
        if (!_reader.TryReadByte(out Flags)) return false;

        // 3.1 calls the last bit unused and does not forbid it.
        if (Has(ReservedFlag) && Version != ProtocolVersion.Mqtt31)
            return _reader.Fail(ReasonCode.MalformedPacket, Rule.ConnectReservedFlag);
        if ((Flags & WillQoSMask) == WillQoSMask) return _reader.Fail(ReasonCode.MalformedPacket, Rule.WillQoSRange);
        if (!Has(WillFlag) && Has(WillQoSMask)) return _reader.Fail(ReasonCode.MalformedPacket, Rule.WillQoSWithoutWill);
        if (!Has(WillFlag) && Has(WillRetainFlag)) return _reader.Fail(ReasonCode.MalformedPacket, Rule.WillRetainWithoutWill);
        if (Version < ProtocolVersion.Mqtt50 && Has(PasswordFlag) && !Has(UserNameFlag))
            return _reader.Fail(ReasonCode.MalformedPacket, Rule.PasswordWithoutUserName);
        return true;
    }

    private bool TryReadProperties()
    {
        if (!_reader.TryReadPropertyBlock(out Properties, out int offset)) return false;

        var reader = new PropertyReader(Properties, offset, PropertyScope.Connect);
        while (reader.TryRead()) Take(in reader);
        if (!reader.IsValid) return _reader.Fail(reader.Error);
        return !HasAuthenticationData || HasAuthenticationMethod
            || _reader.Fail(new ProtocolError(ReasonCode.ProtocolError, Rule.AuthenticationDataAlone, offset));
    }

    private void Take(scoped in PropertyReader reader)
    {
        switch (reader.Id)
        {
            case PropertyId.UserProperty:
                UserPropertyCount++;
                break;
            case PropertyId.SessionExpiryInterval:
                SessionExpiryInterval = reader.Number;
                break;
            case PropertyId.ReceiveMaximum:
                ReceiveMaximum = (ushort)reader.Number;
                break;
            case PropertyId.MaximumPacketSize:
                MaximumPacketSize = reader.Number;
                break;
            case PropertyId.TopicAliasMaximum:
                TopicAliasMaximum = (ushort)reader.Number;
                break;
            case PropertyId.RequestResponseInformation:
                RequestResponseInformation = reader.Number != 0;
                break;
            case PropertyId.RequestProblemInformation:
                RequestProblemInformation = reader.Number != 0;
                break;
            case PropertyId.AuthenticationMethod:
                HasAuthenticationMethod = true;
                AuthenticationMethod = reader.Value;
                break;
            case PropertyId.AuthenticationData:
                HasAuthenticationData = true;
                AuthenticationData = reader.Value;
                break;
        }
    }

    private bool TryReadWill()
    {
        if (Version == ProtocolVersion.Mqtt50)
        {
            if (!_reader.TryReadPropertyBlock(out ReadOnlySpan<byte> block, out int offset)) return false;
            if (!PublishProperties.TryRead(
                block, offset, PropertyScope.Will, PacketDirection.ToServer, out WillProperties, out ProtocolError error))
                return _reader.Fail(error);
        }

        if (!_reader.TryReadString(out WillTopic)) return false;
        if (WillTopic.IsEmpty) return _reader.Fail(ReasonCode.ProtocolError, Rule.TopicEmpty);
        if (TopicFilter.HasWildcard(WillTopic)) return _reader.Fail(ReasonCode.TopicNameInvalid, Rule.TopicNameWildcard);
        return _reader.TryReadBinary(out WillPayload);
    }

    private bool TryReadCredentials()
    {
        if (Has(UserNameFlag) && !TryDropMissing(UserNameFlag) && !_reader.TryReadString(out UserName)) return false;
        return !Has(PasswordFlag) || TryDropMissing(PasswordFlag) || _reader.TryReadBinary(out Password);
    }

    /// <summary>In 3.1 the Remaining Length takes precedence over the flags: a field that the packet has no room for is not
    /// there.</summary>
    private bool TryDropMissing(int flag)
    {
        if (Version != ProtocolVersion.Mqtt31 || !_reader.AtEnd) return false;
        Flags = (byte)(Flags & ~flag);
        return true;
    }
}
