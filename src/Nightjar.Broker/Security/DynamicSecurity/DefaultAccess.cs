namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What holds where no rule speaks: <c>defaultACLAccess</c>.</summary>
internal readonly record struct DefaultAccess(bool PublishClientSend, bool PublishClientReceive, bool Subscribe, bool Unsubscribe)
{
    /// <summary>What Mosquitto begins with: receive and unsubscribe.</summary>
    internal static readonly DefaultAccess Initial = new(false, true, false, true);
}
