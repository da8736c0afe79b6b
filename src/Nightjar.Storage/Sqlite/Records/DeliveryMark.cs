using Nightjar.Broker.Persistence;
using Nightjar.Protocol;

namespace Nightjar.Storage.Sqlite.Records;

/// <summary>
/// Everything small about a delivery in one integer, which SQLite keeps in one to eight bytes.
/// </summary>
/// <remarks>
/// <code>
/// bits 0-1    state: DeliveryState
/// bits 2-3    QoS
/// bit  4      RETAIN
/// bit  5      of a shared subscription
/// bits 8-23   packet id
/// bits 24-51  Subscription Identifier
/// </code>
/// </remarks>
internal readonly record struct DeliveryMark(long Value)
{
    private const long StateMask = 3;
    private const int QoSShift = 2;
    private const long RetainBit = 1 << 4;
    private const long SharedBit = 1 << 5;
    private const int PacketShift = 8;
    private const int IdentifierShift = 24;

    internal DeliveryMark(in DeliveryRecord delivery)
        : this(((long)delivery.QoS << QoSShift) | (delivery.Retain ? RetainBit : 0) | (delivery.ShareName is null ? 0 : SharedBit)
            | ((long)delivery.SubscriptionIdentifier << IdentifierShift))
    {
    }

    internal DeliveryState State => (DeliveryState)(Value & StateMask);

    internal QualityOfService QoS => (QualityOfService)((Value >> QoSShift) & 3);

    internal bool Retain => (Value & RetainBit) != 0;

    internal bool IsShared => (Value & SharedBit) != 0;

    internal ushort PacketId => (ushort)(Value >> PacketShift);

    internal uint SubscriptionIdentifier => (uint)(Value >> IdentifierShift);

    internal DeliveryMark With(DeliveryState state, ushort packetId) =>
        new((Value & ~(StateMask | (0xFFFFL << PacketShift))) | (long)state | ((long)packetId << PacketShift));
}
