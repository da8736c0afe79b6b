using System.Net;

namespace Nightjar.Broker.Messages;

/// <summary>Who a message comes from: whose rights are asked when it is a will that fires, or a retained message that is read. One object for all messages of a client; immutable.</summary>
internal interface IMessageOrigin
{
    /// <summary>Client identifier.</summary>
    string ClientId { get; }

    /// <summary>User name; null for anonymous clients.</summary>
    string? UserName { get; }

    /// <summary>Address of the connection the message came by; null in process, and where it is no longer known.</summary>
    EndPoint? Address { get; }

    /// <summary>Security domain of the listener the message came by; empty for the common one.</summary>
    string SecurityDomain { get; }
}
