using System.Net.Sockets;
using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>Who ended the connection, and how.</summary>
public enum DisconnectKind : byte
{
    /// <summary>This client, by <see cref="MqttClient.DisconnectAsync"/>.</summary>
    Requested,

    /// <summary>This client, by <see cref="MqttClient.Abort"/>.</summary>
    Aborted,

    /// <summary>The server sent DISCONNECT (5.0).</summary>
    ServerDisconnect,

    /// <summary>The server refused the connection in CONNACK.</summary>
    Refused,

    /// <summary>The network connection ended or failed without a DISCONNECT.</summary>
    ConnectionLost,

    /// <summary>No PINGRESP within the Keep Alive.</summary>
    KeepAliveTimeout,

    /// <summary>No CONNACK in time.</summary>
    ConnectTimeout,

    /// <summary>The server sent something that the protocol forbids.</summary>
    ProtocolError,

    /// <summary>The handler of received messages threw; see <see cref="DisconnectCause.Exception"/>.</summary>
    HandlerFailed,
}

/// <summary>Why a connection ended. The first cause wins.</summary>
/// <param name="Kind">Who ended it, and how.</param>
/// <param name="ReasonCode">Code of the DISCONNECT sent or received, or of the CONNACK; Success when there was none.</param>
/// <param name="ReasonString">Reason String received, or the rule that was broken; null when there is none.</param>
/// <param name="ServerReference">Server Reference received, or null.</param>
/// <param name="Error">Error of the socket, Success for a clean end.</param>
public sealed record DisconnectCause(
    DisconnectKind Kind, ReasonCode ReasonCode = ReasonCode.Success, string? ReasonString = null, string? ServerReference = null, SocketError Error = SocketError.Success)
{
    /// <summary>What the handler threw, or null.</summary>
    public Exception? Exception { get; init; }
}
