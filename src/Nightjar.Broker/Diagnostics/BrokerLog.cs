using Microsoft.Extensions.Logging;

namespace Nightjar.Broker.Diagnostics;

/// <summary>
/// Every log line of the engine, in Mosquitto's words where Mosquitto has the line: log matchers depend on them. The event id's hundred tells the
/// area: 1 connections, 2 sessions, 3 broker, 4 security. Levels: Information is Mosquitto's notice.
/// </summary>
internal static partial class BrokerLog
{
    [LoggerMessage(100, LogLevel.Information, "New connection from {Address} on port {Port}.")]
    internal static partial void NewConnection(ILogger log, string address, int port);

    [LoggerMessage(101, LogLevel.Information, "New client connected from {Address} as {ClientId} (p{Version}, c{CleanStart}, k{KeepAlive}).")]
    internal static partial void ClientConnected(ILogger log, string address, string clientId, int version, int cleanStart, int keepAlive);

    [LoggerMessage(102, LogLevel.Information, "New client connected from {Address} as {ClientId} (p{Version}, c{CleanStart}, k{KeepAlive}, u'{UserName}').")]
    internal static partial void ClientConnectedAs(ILogger log, string address, string clientId, int version, int cleanStart, int keepAlive, string userName);

    [LoggerMessage(103, LogLevel.Information, "New bridge connected from {Address} as {ClientId} (p{Version}, c{CleanStart}, k{KeepAlive}).")]
    internal static partial void BridgeConnected(ILogger log, string address, string clientId, int version, int cleanStart, int keepAlive);

    [LoggerMessage(104, LogLevel.Information, "Client {ClientId} [{Address}] disconnected.")]
    internal static partial void ClientDisconnected(ILogger log, string clientId, string address);

    [LoggerMessage(105, LogLevel.Information, "Client {ClientId} [{Address}] disconnected: {Reason}.")]
    internal static partial void ClientDisconnectedBecause(ILogger log, string clientId, string address, string reason);

    [LoggerMessage(106, LogLevel.Information, "Client {ClientId} [{Address}] disconnected: {Reason} ({Rule}).")]
    internal static partial void ClientDisconnectedByRule(ILogger log, string clientId, string address, string reason, string rule);

    [LoggerMessage(107, LogLevel.Information, "Client connection from {Address} denied: {Reason}.")]
    internal static partial void ConnectionDenied(ILogger log, string address, string reason);

    [LoggerMessage(108, LogLevel.Information, "Client {ClientId} [{Address}] authentication failed: user '{UserName}'.")]
    internal static partial void AuthenticationFailed(ILogger log, string clientId, string address, string userName);

    [LoggerMessage(109, LogLevel.Warning, "{Count} log lines about clients were left out during the last second.")]
    internal static partial void LinesLeftOut(ILogger log, long count);

    [LoggerMessage(110, LogLevel.Error, "Unexpected error on the connection of client {ClientId}; it is closed.")]
    internal static partial void ConnectionFailed(ILogger log, Exception exception, string clientId);

    [LoggerMessage(111, LogLevel.Debug, "Denied PUBLISH from {ClientId} (d{Dup}, q{QoS}, r{Retain}, m{PacketId}, '{Topic}', ... ({Bytes} bytes))")]
    internal static partial void DeniedPublish(ILogger log, string clientId, int dup, int qos, int retain, int packetId, string topic, int bytes);

    [LoggerMessage(112, LogLevel.Information, "Client {ClientId} negotiated {Protocol} cipher {Cipher}")]
    internal static partial void TlsNegotiated(ILogger log, string clientId, string protocol, string cipher);

    [LoggerMessage(113, LogLevel.Information, "OpenSSL Error[0]: {Failure}")]
    internal static partial void TlsFailed(ILogger log, string failure);

    [LoggerMessage(120, LogLevel.Information, "ACL denying access to client with dangerous username \"{UserName}\"")]
    internal static partial void DangerousUserName(ILogger log, string userName);

    [LoggerMessage(121, LogLevel.Information, "ACL denying access to client with dangerous client id \"{ClientId}\"")]
    internal static partial void DangerousClientId(ILogger log, string clientId);

    [LoggerMessage(200, LogLevel.Information, "Outgoing messages are being dropped for client {ClientId}.")]
    internal static partial void OutgoingDropped(ILogger log, string clientId);

    [LoggerMessage(203, LogLevel.Information, "{Count} outgoing messages were dropped for client {ClientId} ({Total} since its session began).")]
    internal static partial void OutgoingWereDropped(ILogger log, long count, string clientId, long total);

    [LoggerMessage(204, LogLevel.Warning, "Messages that wait for client {ClientId} cannot be read from the store; it is tried again.")]
    internal static partial void BacklogUnreadable(ILogger log, string clientId);

    [LoggerMessage(205, LogLevel.Warning, "{Count} messages that waited for client {ClientId} are no longer in the store.")]
    internal static partial void BacklogLost(ILogger log, long count, string clientId);

    [LoggerMessage(201, LogLevel.Debug, "{ClientId} {QoS} {TopicFilter}")]
    internal static partial void Subscribed(ILogger log, string clientId, int qos, string topicFilter);

    [LoggerMessage(202, LogLevel.Debug, "{ClientId} {TopicFilter}")]
    internal static partial void Unsubscribed(ILogger log, string clientId, string topicFilter);

    [LoggerMessage(300, LogLevel.Information, "{Version} starting")]
    internal static partial void Starting(ILogger log, string version);

    [LoggerMessage(301, LogLevel.Information, "Opening {Kind} listen socket on port {Port}.")]
    internal static partial void Listening(ILogger log, string kind, int port);

    [LoggerMessage(307, LogLevel.Information, "Opening unix listen socket on path {Path}.")]
    internal static partial void ListeningOnPath(ILogger log, string path);

    [LoggerMessage(302, LogLevel.Information, "{Version} running")]
    internal static partial void Running(ILogger log, string version);

    [LoggerMessage(303, LogLevel.Information, "{Version} terminating")]
    internal static partial void Terminating(ILogger log, string version);

    [LoggerMessage(305, LogLevel.Information, "Recovered {Sessions} sessions, {Messages} messages waiting for them and {Retained} retained messages.")]
    internal static partial void Recovered(ILogger log, int sessions, int messages, int retained);

    [LoggerMessage(306, LogLevel.Warning, "{Count} records of the store belong to nothing that was recovered; they are left alone.")]
    internal static partial void RecoveredStrays(ILogger log, int count);

    [LoggerMessage(308, LogLevel.Error, "The listener on {Address} is lost: its address could not be taken again after a reload that failed: {Reason}")]
    internal static partial void ListenerLost(ILogger log, string address, string reason);

    [LoggerMessage(309, LogLevel.Error, "The store cannot be written: {Reason} QoS 1 and 2 messages that would have to be kept are refused until it can.")]
    internal static partial void StoreFailed(ILogger log, string reason);

    [LoggerMessage(310, LogLevel.Warning, "The store is written again; {Clients} clients are disconnected so that they send again what was not acknowledged.")]
    internal static partial void StoreRecovered(ILogger log, int clients);

    [LoggerMessage(311, LogLevel.Warning, "The store cannot keep up with what comes: clients whose messages have to be kept are not read from until it has caught up.")]
    internal static partial void StoreBusy(ILogger log);

    [LoggerMessage(312, LogLevel.Warning, "The store has caught up; {Clients} clients are disconnected so that they send again what was not acknowledged.")]
    internal static partial void StoreCalm(ILogger log, int clients);

    [LoggerMessage(304, LogLevel.Error, "An event handler of the application failed.")]
    internal static partial void HandlerFailed(ILogger log, Exception exception);

    [LoggerMessage(320, LogLevel.Error, "A request to {Topic} could not be executed.")]
    internal static partial void ControlFailed(ILogger log, Exception exception, string topic);

    [LoggerMessage(450, LogLevel.Information, "{Line}")]
    internal static partial void DynamicSecurityCommand(ILogger log, string line);

    [LoggerMessage(451, LogLevel.Warning, "{Line}")]
    internal static partial void DynamicSecurityWarning(ILogger log, string line);

    [LoggerMessage(452, LogLevel.Error, "Unable to write the dynamic security config: {Reason} The changes that are not on disk are taken back.")]
    internal static partial void DynamicSecurityNotWritten(ILogger log, string reason);

    [LoggerMessage(453, LogLevel.Error, "Unexpected error in a dynamic security command.")]
    internal static partial void DynamicSecurityFailed(ILogger log, Exception exception);
}
