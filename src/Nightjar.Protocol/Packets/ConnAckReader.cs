namespace Nightjar.Protocol;

/// <summary>Reads CONNACK field by field; <see cref="ConnAckPacket"/> is what becomes of it.</summary>
internal ref struct ConnAckReader
{
    internal bool SessionPresent;
    internal ReasonCode ReasonCode;
    internal ConnectReturnCode ReturnCode;
    internal ReadOnlySpan<byte> Properties;
    internal bool HasSessionExpiryInterval;
    internal uint SessionExpiryInterval;
    internal ushort ReceiveMaximum = ushort.MaxValue;
    internal QualityOfService MaximumQoS = QualityOfService.ExactlyOnce;
    internal bool RetainAvailable = true;
    internal uint MaximumPacketSize = uint.MaxValue;
    internal ReadOnlySpan<byte> AssignedClientIdentifier;
    internal ushort TopicAliasMaximum;
    internal ReadOnlySpan<byte> ReasonString;
    internal bool WildcardSubscriptionAvailable = true;
    internal bool SubscriptionIdentifiersAvailable = true;
    internal bool SharedSubscriptionAvailable = true;
    internal bool HasServerKeepAlive;
    internal ushort ServerKeepAlive;
    internal ReadOnlySpan<byte> ResponseInformation;
    internal ReadOnlySpan<byte> ServerReference;
    internal bool HasAuthenticationMethod;
    internal ReadOnlySpan<byte> AuthenticationMethod;
    internal ReadOnlySpan<byte> AuthenticationData;
    private readonly ProtocolVersion _version;
    private BodyReader _reader;

    internal ConnAckReader(scoped in Frame frame, ProtocolVersion version)
    {
        _reader = new BodyReader(in frame);
        _version = version;
    }

    internal readonly ProtocolError Error => _reader.Error;

    internal bool TryRead(scoped in Frame frame)
    {
        if (!_reader.TryCheckHeader(in frame, PacketType.ConnAck, 0, Rule.ReservedFlags)
            || !_reader.TryReadByte(out byte flags)
            || !_reader.TryReadByte(out byte code))
            return false;

        SessionPresent = flags == 1;
        if (flags > 1) return _reader.Fail(ReasonCode.MalformedPacket, Rule.ConnAckFlags);
        if (SessionPresent && code != 0) return _reader.Fail(ReasonCode.ProtocolError, Rule.ConnAckSessionPresent);

        // A server that does not know v5 answers in the form of its own version.
        bool isOldForm = _version != ProtocolVersion.Mqtt50 || (_reader.AtEnd && code is > 0 and < (byte)ReasonCode.UnspecifiedError);
        if (isOldForm)
        {
            ReturnCode = (ConnectReturnCode)code;
            return (code <= (byte)ConnectReturnCode.NotAuthorized || _reader.Fail(ReasonCode.ProtocolError, Rule.ConnAckReason))
                && _reader.TryEnd();
        }

        ReasonCode = (ReasonCode)code;
        return (IsAllowed(ReasonCode) || _reader.Fail(ReasonCode.ProtocolError, Rule.ConnAckReason))
            && TryReadProperties()
            && _reader.TryEnd();
    }

    private static bool IsAllowed(ReasonCode code) => code is ReasonCode.Success
        or (>= ReasonCode.UnspecifiedError and <= ReasonCode.Banned)
        or ReasonCode.BadAuthenticationMethod or ReasonCode.TopicNameInvalid or ReasonCode.PacketTooLarge or ReasonCode.QuotaExceeded
        or ReasonCode.PayloadFormatInvalid or ReasonCode.RetainNotSupported or ReasonCode.QoSNotSupported or ReasonCode.UseAnotherServer
        or ReasonCode.ServerMoved or ReasonCode.ConnectionRateExceeded;

    private bool TryReadProperties()
    {
        if (!_reader.TryReadPropertyBlock(out Properties, out int offset)) return false;

        var reader = new PropertyReader(Properties, offset, PropertyScope.ConnAck);
        while (reader.TryRead())
        {
            TakeNumber(in reader);
            TakeText(in reader);
        }

        return reader.IsValid || _reader.Fail(reader.Error);
    }

    private void TakeNumber(scoped in PropertyReader reader)
    {
        switch (reader.Id)
        {
            case PropertyId.SessionExpiryInterval:
                HasSessionExpiryInterval = true;
                SessionExpiryInterval = reader.Number;
                break;
            case PropertyId.ReceiveMaximum:
                ReceiveMaximum = (ushort)reader.Number;
                break;
            case PropertyId.MaximumQoS:
                MaximumQoS = (QualityOfService)reader.Number;
                break;
            case PropertyId.RetainAvailable:
                RetainAvailable = reader.Number != 0;
                break;
            case PropertyId.MaximumPacketSize:
                MaximumPacketSize = reader.Number;
                break;
            case PropertyId.TopicAliasMaximum:
                TopicAliasMaximum = (ushort)reader.Number;
                break;
            case PropertyId.WildcardSubscriptionAvailable:
                WildcardSubscriptionAvailable = reader.Number != 0;
                break;
            case PropertyId.SubscriptionIdentifierAvailable:
                SubscriptionIdentifiersAvailable = reader.Number != 0;
                break;
            case PropertyId.SharedSubscriptionAvailable:
                SharedSubscriptionAvailable = reader.Number != 0;
                break;
            case PropertyId.ServerKeepAlive:
                HasServerKeepAlive = true;
                ServerKeepAlive = (ushort)reader.Number;
                break;
        }
    }

    private void TakeText(scoped in PropertyReader reader)
    {
        switch (reader.Id)
        {
            case PropertyId.AssignedClientIdentifier:
                AssignedClientIdentifier = reader.Value;
                break;
            case PropertyId.ReasonString:
                ReasonString = reader.Value;
                break;
            case PropertyId.ResponseInformation:
                ResponseInformation = reader.Value;
                break;
            case PropertyId.ServerReference:
                ServerReference = reader.Value;
                break;
            case PropertyId.AuthenticationMethod:
                HasAuthenticationMethod = true;
                AuthenticationMethod = reader.Value;
                break;
            case PropertyId.AuthenticationData:
                AuthenticationData = reader.Value;
                break;
        }
    }
}
