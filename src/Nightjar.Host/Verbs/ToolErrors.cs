using System.Net.Sockets;
using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs;

/// <summary>Error texts of the tools, in the words that scripts know.</summary>
internal static class ToolErrors
{
    internal static void Write(TextWriter errors, string text, bool quiet)
    {
        if (quiet) return;
        errors.Write(text);
        errors.Flush();
    }

    /// <summary>What a refused connection is called.</summary>
    internal static string Describe(ConnectResult result, ProtocolVersion version) =>
        version == ProtocolVersion.Mqtt50 ? Describe((ReasonCode)result.Code) : result.Code switch
        {
            1 => "Connection Refused: unacceptable protocol version.",
            2 => "Connection Refused: identifier rejected.",
            3 => "Connection Refused: broker unavailable.",
            4 => "Connection Refused: bad user name or password.",
            5 => "Connection Refused: not authorised.",
            _ => "Connection Refused: unknown reason.",
        };

    internal static string Describe(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "Connection refused",
        SocketError.HostUnreachable => "No route to host",
        SocketError.NetworkUnreachable => "Network is unreachable",
        SocketError.TimedOut => "Connection timed out",
        SocketError.ConnectionReset => "Connection reset by peer",
        SocketError.AddressNotAvailable => "Cannot assign requested address",
        SocketError.AccessDenied => "Permission denied",
        _ => new SocketException((int)error).Message,
    };

    internal static string Describe(ReasonCode code) => code switch
    {
        ReasonCode.NoMatchingSubscribers => "No matching subscribers",
        ReasonCode.NoSubscriptionExisted => "No subscription existed",
        ReasonCode.UnspecifiedError => "Unspecified error",
        ReasonCode.MalformedPacket => "Malformed packet",
        ReasonCode.ProtocolError => "Protocol error",
        ReasonCode.ImplementationSpecificError => "Implementation specific error",
        ReasonCode.UnsupportedProtocolVersion => "Unsupported protocol version",
        ReasonCode.ClientIdentifierNotValid => "Client Identifier not valid",
        ReasonCode.BadUserNameOrPassword => "Bad username or password",
        ReasonCode.NotAuthorized => "Not authorized",
        ReasonCode.ServerUnavailable => "Server unavailable",
        ReasonCode.ServerBusy => "Server busy",
        ReasonCode.Banned => "Banned",
        ReasonCode.ServerShuttingDown => "Server shutting down",
        ReasonCode.BadAuthenticationMethod => "Bad authentication method",
        ReasonCode.KeepAliveTimeout => "Keep alive timeout",
        ReasonCode.SessionTakenOver => "Session taken over",
        ReasonCode.TopicFilterInvalid => "Topic filter invalid",
        ReasonCode.TopicNameInvalid => "Topic name invalid",
        ReasonCode.PacketIdentifierInUse => "Packet identifier in use",
        ReasonCode.PacketIdentifierNotFound => "Packet identifier not found",
        ReasonCode.ReceiveMaximumExceeded => "Receive maximum exceeded",
        ReasonCode.TopicAliasInvalid => "Topic alias invalid",
        ReasonCode.PacketTooLarge => "Packet too large",
        ReasonCode.MessageRateTooHigh => "Message rate too high",
        ReasonCode.QuotaExceeded => "Quota exceeded",
        ReasonCode.AdministrativeAction => "Administrative action",
        ReasonCode.PayloadFormatInvalid => "Payload format invalid",
        ReasonCode.RetainNotSupported => "Retain not supported",
        ReasonCode.QoSNotSupported => "QoS not supported",
        ReasonCode.UseAnotherServer => "Use another server",
        ReasonCode.ServerMoved => "Server moved",
        ReasonCode.SharedSubscriptionsNotSupported => "Shared subscriptions not supported",
        ReasonCode.ConnectionRateExceeded => "Connection rate exceeded",
        ReasonCode.MaximumConnectTime => "Maximum connect time",
        ReasonCode.SubscriptionIdentifiersNotSupported => "Subscription identifiers not supported",
        ReasonCode.WildcardSubscriptionsNotSupported => "Wildcard subscriptions not supported",
        _ => "Unknown reason",
    };
}
