namespace Nightjar.Protocol;

/// <summary>Where a property stands: a packet type, or the Will Properties of CONNECT, which take the number of the forbidden
/// type.</summary>
internal static class PropertyScope
{
    internal const ushort Will = 1 << (int)PacketType.Reserved;
    internal const ushort Connect = 1 << (int)PacketType.Connect;
    internal const ushort ConnAck = 1 << (int)PacketType.ConnAck;
    internal const ushort Publish = 1 << (int)PacketType.Publish;
    internal const ushort Subscribe = 1 << (int)PacketType.Subscribe;
    internal const ushort SubAck = 1 << (int)PacketType.SubAck;
    internal const ushort Unsubscribe = 1 << (int)PacketType.Unsubscribe;
    internal const ushort UnsubAck = 1 << (int)PacketType.UnsubAck;
    internal const ushort Disconnect = 1 << (int)PacketType.Disconnect;
    internal const ushort Auth = 1 << (int)PacketType.Auth;

    internal const ushort Acknowledgements =
        (1 << (int)PacketType.PubAck) | (1 << (int)PacketType.PubRec) | (1 << (int)PacketType.PubRel) | (1 << (int)PacketType.PubComp);

    internal const ushort Message = Publish | Will;
    internal const ushort WithReasonString = ConnAck | Acknowledgements | SubAck | UnsubAck | Disconnect | Auth;
    internal const ushort Everywhere = WithReasonString | Connect | Message | Subscribe | Unsubscribe;
}
