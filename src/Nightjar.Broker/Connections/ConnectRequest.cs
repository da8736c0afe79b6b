using System.Text;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>A CONNECT packet that outlives its receive buffer: authentication may take its time.</summary>
internal sealed class ConnectRequest
{
    internal ProtocolVersion Version { get; private init; }

    internal bool IsBridge { get; private init; }

    internal bool CleanStart { get; private init; }

    internal ushort KeepAlive { get; private init; }

    internal string ClientId { get; private init; } = "";

    internal string? UserName { get; private init; }

    internal byte[]? Password { get; private init; }

    internal uint SessionExpiryInterval { get; private init; }

    internal ushort ReceiveMaximum { get; private init; }

    internal uint MaximumPacketSize { get; private init; }

    internal ushort TopicAliasMaximum { get; private init; }

    internal bool RequestResponseInformation { get; private init; }

    internal bool RequestProblemInformation { get; private init; }

    internal string? AuthenticationMethod { get; private init; }

    internal byte[] AuthenticationData { get; private init; } = [];

    internal bool HasWill { get; private init; }

    internal QualityOfService WillQoS { get; private init; }

    internal bool WillRetain { get; private init; }

    /// <summary>Topic of the will; replaced by the whole topic on a listener with a mount point.</summary>
    internal byte[] WillTopic { get; set; } = [];

    private byte[] WillPayload { get; init; } = [];

    private byte[] WillProperties { get; init; } = [];

    private uint WillDelayInterval { get; init; }

    private uint? WillExpiryInterval { get; init; }

    /// <summary>Bytes of the will's topic name, properties and payload.</summary>
    internal int WillSize => WillTopic.Length + WillProperties.Length + WillPayload.Length;

    internal bool IsVersion5 => Version == ProtocolVersion.Mqtt50;

    internal static ConnectRequest From(in ConnectPacket packet)
    {
        byte[] willProperties = [];
        if (packet.HasWill && packet.WillProperties.ForwardableLength > 0)
        {
            willProperties = new byte[packet.WillProperties.ForwardableLength];
            packet.WillProperties.CopyForwardable(willProperties);
        }

        return new ConnectRequest
        {
            Version = packet.Version,
            IsBridge = packet.IsBridge,
            CleanStart = packet.CleanStart,
            KeepAlive = packet.KeepAlive,
            ClientId = Encoding.UTF8.GetString(packet.ClientId),
            UserName = packet.HasUserName ? Encoding.UTF8.GetString(packet.UserName) : null,
            Password = packet.HasPassword ? packet.Password.ToArray() : null,
            SessionExpiryInterval = packet.SessionExpiryInterval,
            ReceiveMaximum = packet.ReceiveMaximum,
            MaximumPacketSize = packet.MaximumPacketSize,
            TopicAliasMaximum = packet.TopicAliasMaximum,
            RequestResponseInformation = packet.RequestResponseInformation,
            RequestProblemInformation = packet.RequestProblemInformation,
            AuthenticationMethod = packet.HasAuthenticationMethod ? Encoding.UTF8.GetString(packet.AuthenticationMethod) : null,
            AuthenticationData = packet.AuthenticationData.ToArray(),
            HasWill = packet.HasWill,
            WillQoS = packet.WillQoS,
            WillRetain = packet.WillRetain,
            WillTopic = packet.WillTopic.ToArray(),
            WillPayload = packet.WillPayload.ToArray(),
            WillProperties = willProperties,
            WillDelayInterval = packet.WillDelayInterval,
            WillExpiryInterval = packet.HasWill && packet.WillProperties.HasMessageExpiryInterval ? packet.WillProperties.MessageExpiryInterval : null,
        };
    }

    /// <summary>The will to keep with the session; null when there is none.</summary>
    internal Will? MakeWill(MessagePool pool, Identity identity)
    {
        if (!HasWill) return null;
        var publication = new Publication(pool)
        {
            TopicName = WillTopic,
            Properties = WillProperties,
            Payload = WillPayload,
            QoS = WillQoS,
            Retain = WillRetain,
            Origin = identity,
        };
        var message = publication.Keep();
        publication.Dispose();
        return new Will(message, WillDelayInterval, WillExpiryInterval);
    }
}
