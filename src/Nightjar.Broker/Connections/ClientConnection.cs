using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Connections.Handlers;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Transport;
using Nightjar.Transport.Tls;

namespace Nightjar.Broker.Connections;

/// <summary>
/// The link of one client (§4.2): reads frames and has them handled, from CONNECT to the end. All frames of one read are handled on the thread
/// that got the bytes; then every link that was written to is flushed once.
/// </summary>
/// <remarks>
/// Fields of the read side are touched by the reading loop only; <see cref="Close"/> may be called from any thread, and what it needs is
/// guarded by the link's gate or interlocked.
/// </remarks>
internal sealed partial class ClientConnection : WheelTimer, ILinkOwner, IInputHandler
{
    /// <summary>What the client published to last. A field, because it is a struct that changes.</summary>
    internal PublisherRoutes Routes;

    private static readonly Identity s_nobody = new("", null, null);

    private readonly TransportConnection _transport;

    // Held while a batch is handled: outermost in the lock order.
    private readonly Lock _batch = new();
    private long _lastReceived;
    private int _keepAliveMilliseconds;
    private int _cause;
    private string? _rule;
    private byte[] _pieces = [];
    private CancellationTokenSource? _authenticating;

    internal ClientConnection(BrokerCore core, TransportConnection transport, ListenerOptions listener)
    {
        Core = core;
        Listener = listener;
        Admission = core.Admission;
        _transport = transport;
        RemoteEndPoint = transport.RemoteEndPoint;
        Mount = MountPoint.Of(listener);
        Link = new SessionLink(transport.Output, new Lock(), this) { Memory = core.Environment.Memory, MountPrefix = Mount?.Prefix, Transport = transport };
    }

    internal BrokerCore Core { get; }

    /// <summary>What held for the listener when the connection was accepted, and from CONNECT on what held then.</summary>
    internal ListenerOptions Listener { get; private set; }

    /// <summary>The listener itself; its <see cref="ListenerLoop.Current"/> has what holds now. Null where a test serves a connection by hand.</summary>
    internal ListenerLoop? Loop { get; init; }

    internal SessionLink Link { get; }

    /// <summary>What is put in front of every topic of the client; null for nothing.</summary>
    internal MountPoint? Mount { get; }

    /// <summary>Network address of the client; known after the socket is gone too.</summary>
    internal EndPoint? RemoteEndPoint { get; }

    internal EndPoint? LocalEndPoint => _transport.LocalEndPoint;

    /// <summary>What TLS agreed on; null without TLS, and before the first bytes are there.</summary>
    internal TlsSession? Tls => _transport.Tls;

    /// <summary>Neighbours in the <see cref="ConnectionTable"/>, under its lock.</summary>
    internal ClientConnection? NextConnection { get; set; }

    /// <inheritdoc cref="NextConnection"/>
    internal ClientConnection? PreviousConnection { get; set; }

    /// <summary>Null until CONNECT is accepted.</summary>
    internal Session? Session { get; private set; }

    internal Identity Identity { get; private set; } = s_nobody;

    /// <summary>What vouches for the user name of <see cref="Identity"/>.</summary>
    internal IdentityProof Proof { get; private set; }

    /// <summary>What the authenticator's decision rests on, for <see cref="IAuthenticator.IsStillAllowed"/>; null when it gave nothing.</summary>
    internal object? Credential { get; private set; }

    internal ProtocolVersion Version => Link.Version;

    internal bool IsVersion5 => Link.IsVersion5;

    /// <summary>Whether reason strings and user properties may go on any packet [MQTT-3.1.2-29].</summary>
    internal bool SendsProblemInformation { get; set; } = true;

    /// <summary>Receive Maximum told to the client; 65 535 where none was.</summary>
    internal int ReceiveMaximum { get; set; } = 65_535;

    /// <summary>A v3 bridge of Mosquitto: it gets none of its own messages back, and RETAIN as it was published.</summary>
    internal bool IsBridge { get; set; }

    /// <summary>Session Expiry Interval that CONNECT asked for, or what stands for it before v5: a DISCONNECT may not raise it from 0.</summary>
    internal uint ConnectExpiryInterval { get; set; }

    /// <summary>Completes when the connection is gone and has given everything back.</summary>
    internal Task Ended { get; set; } = Task.CompletedTask;

    internal DisconnectCause Cause => (DisconnectCause)Volatile.Read(ref _cause);

    internal bool IsClosing => Volatile.Read(ref _cause) != 0;

    /// <summary>The address for log lines, as Mosquitto prints it: <c>A:P</c>.</summary>
    internal string AddressText => ToAddressText(RemoteEndPoint, Listener.EndPoint);

    internal string ClientIdText => Session?.ClientId ?? "<unknown>";

    internal InboundAliases? Aliases { get; set; }

    /// <summary>Enhanced authentication chosen in CONNECT; null for none.</summary>
    internal IAuthenticationMethod? AuthenticationMethod { get; set; }

    /// <summary>The re-authentication under way; null for none.</summary>
    internal IAuthenticationExchange? Exchange { get; set; }

    /// <summary>Who let the client in, or judged it last.</summary>
    internal Admission Admission { get; set; }

    /// <summary>What CONNACK will say; null but while CONNECT is answered.</summary>
    internal ConnAckPlan? Plan { get; set; }

    /// <summary>Whether an earlier session went on with this connection.</summary>
    internal bool SessionPresent { get; private set; }

    /// <summary>Authentication Data of an AUTH that the loop has to answer after the batch; null when there is none.</summary>
    internal byte[]? PendingAuthentication { get; set; }

    /// <summary>The text of an address: <c>A:P</c>; of a client of a unix domain socket, which has none, the path of the listener and port 0.</summary>
    internal static string ToAddressText(EndPoint? remote, EndPoint? listener) => remote switch
    {
        UnixDomainSocketEndPoint => listener is UnixDomainSocketEndPoint ? $"{listener}:0" : "unix:0",
        null => "memory",
        _ => remote.ToString() ?? "memory",
    };

    /// <summary>Serves the client until it is gone. Completes when everything of the connection is released; does not throw.</summary>
    internal async Task RunAsync()
    {
        Core.Environment.Wheel.Schedule(this, Core.Environment.Clock.Now + (long)Core.Environment.Options.ConnectTimeout.TotalMilliseconds);
        Link.Output.OnDrained(static state => ((ClientConnection)state!).OnDrained(), this);
        try
        {
            // One state machine for all of it: a second one would be 200 bytes of an idle connection.
            var isOver = !await ConnectHandler.ReceiveAsync(this, _transport.Input);
            while (!isOver && !IsClosing)
            {
                await _transport.ServeAsync(this);
                if (PendingAuthentication is { } data && !IsClosing) await AuthHandler.ContinueAsync(this, data);
                isOver = _wasLastRead && MayContinue;
                if (isOver) break;
                if (_isOverRate) await PauseAsync();
                if (_waitsForStore) await AwaitStoreAsync();
                if (IsOverOutput) await Link.Output.WhenSentAsync();
            }
        }
#pragma warning disable CA1031 // A defect of the broker ends this connection, not the process.
        catch (Exception exception)
        {
            BrokerLog.ConnectionFailed(Core.Environment.Log, exception, ClientIdText);
            Close(DisconnectCause.InternalError, ReasonCode.UnspecifiedError);
        }
#pragma warning restore CA1031

        await EndAsync();
        Loop?.OnEnded();
    }

    /// <summary>Ends the connection; the first cause wins. A v5 client that was accepted is told [MQTT-4.13.1-1]; what is encoded goes out within the linger time.</summary>
    /// <param name="cause">Why.</param>
    /// <param name="reasonCode">Reason code of DISCONNECT; Success sends none.</param>
    /// <param name="rule">The rule that was broken, for the log; null for none.</param>
    /// <param name="reasonString">For the client; null for none.</param>
    internal void Close(DisconnectCause cause, ReasonCode reasonCode, string? rule = null, string? reasonString = null)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, 0) != 0) return;
        _rule = rule;
        // Not on this thread: what waits for the authenticator would go on inside this call.
        _ = Volatile.Read(ref _authenticating)?.CancelAsync();
        var send = false;
        WriteAnswersBeforeEnd();
        var gate = Link.EnterGate();
        try
        {
            if (!Link.IsClosed)
            {
                if (IsVersion5 && Session is not null && reasonCode >= ReasonCode.UnspecifiedError) WriteDisconnect(reasonCode, reasonString);
                Link.IsClosed = true;
                // A CONNACK that waits for the store must not leave with the end: its session is not durable yet.
                send = !Link.IsHeld && Link.Output.Commit();
            }
        }
        finally
        {
            gate.Exit();
        }

        if (send) Link.Output.Send();
        Volatile.Read(ref _pace)?.End();
        Volatile.Read(ref _storeWait)?.TrySetResult();
        _ = CloseTransportAsync();
    }

    /// <summary>
    /// Returns when the packet that is being handled, if one is, has had all its effects; after <see cref="Close"/> no further one begins. Who takes
    /// the session over goes on then only, so that nothing of the old connection comes after something of the new one: a PUBLISH sent
    /// again would otherwise be acknowledged as known while the first is still on its way. Not under any gate.
    /// </summary>
    internal void WaitForBatch()
    {
        lock (_batch)
        {
        }
    }

    /// <summary>Ends the connection for something the peer sent.</summary>
    internal void Fail(in ProtocolError error)
    {
        if (error.ReasonCode == ReasonCode.PacketTooLarge) CountLimit(BrokerLimit.MaximumPacketSize);
        Close(DisconnectCauses.FromReasonCode(error.ReasonCode), error.ReasonCode, error.Rule);
    }

    /// <summary>Ends the connection because what it sent is more than memory is there for.</summary>
    internal void OnMemoryShort() => Close(DisconnectCause.QuotaExceeded, ReasonCode.QuotaExceeded, "memory_limit");

    // What waits for the client is the memory that is needed: nothing of it is sent any more, a DISCONNECT behind it neither.
    void ILinkOwner.GiveUp()
    {
        OnMemoryShort();
        _transport.Abort();
        Link.AccountOutput();
    }

    /// <summary>Ends the connection for a topic with more levels than allowed.</summary>
    internal void FailLevels()
    {
        CountLimit(BrokerLimit.MaximumTopicLevels);
        Close(DisconnectCause.TopicNameInvalid, ReasonCode.TopicNameInvalid, "more levels than max_topic_levels");
    }

    /// <summary>Takes the place of one line about clients in the log, if there is one left this second.</summary>
    internal bool TryTakeLogLine() => Core.PeerLog.TryTake(Core.Environment.Clock.Now);

    /// <summary>Counts that a limit acted on this client.</summary>
    internal void CountLimit(BrokerLimit limit) => Core.Environment.Counters.CountLimit(limit);

    /// <summary>DISCONNECT arrived. The will goes at once: a reconnect that takes the session over before this connection has left must not publish it.</summary>
    internal void OnDisconnect(bool discardWill)
    {
        if (discardWill && Session is { } session) Core.Sessions.DiscardWill(session, Link);
        Close(DisconnectCause.ClientDisconnected, ReasonCode.Success);
    }

    /// <summary>
    /// CONNECT is accepted: writes CONNACK and takes the session. Called under the session's gate, once.
    /// </summary>
    internal void Accept(Session session, bool present, long ticket, BatchContext context)
    {
        lock (Link.Gate)
        {
            Link.Gate = session.Gate;
            Session = session;
            _transport.Expect(4, session);
            SessionPresent = present;
            HoldUntil(ticket);
            ConnectHandler.WriteConnAck(this, present, context);
        }

        if (Link.MarkTouched()) context.Touch(Link);
    }

    /// <summary>Starts the keep-alive supervision [MQTT-3.1.2-22]; 0 seconds is none.</summary>
    internal void StartKeepAlive(ushort seconds)
    {
        var wheel = Core.Environment.Wheel;
        wheel.Cancel(this);
        _keepAliveMilliseconds = seconds * 1500;
        _lastReceived = Core.Environment.Clock.Now;
        if (seconds > 0) wheel.Schedule(this, _lastReceived + _keepAliveMilliseconds);
    }

    /// <summary>CONNECT or keep alive ran out, or the keep alive is to be looked at again.</summary>
    protected internal override void OnDue(long nowMilliseconds)
    {
        if (Session is null)
        {
            if (!IsClosing) CountLimit(BrokerLimit.ConnectTimeout);
            Close(DisconnectCause.ConnectTimeout, ReasonCode.KeepAliveTimeout);
            return;
        }

        // A client that is not read is not silent.
        if (IsPaused) Volatile.Write(ref _lastReceived, nowMilliseconds);
        // Accepted at the very moment the connect timer ran out: the keep alive takes over.
        if (IsClosing || _keepAliveMilliseconds == 0) return;
        var due = Volatile.Read(ref _lastReceived) + _keepAliveMilliseconds;
        if (due > nowMilliseconds) Core.Environment.Wheel.Schedule(this, due);
        else Close(DisconnectCause.KeepAliveTimeout, ReasonCode.KeepAliveTimeout);
    }

    // Retained messages that a slice left over go on after others had the thread.
    private void SettleBatch(BatchContext context)
    {
        if (Session is not { MorePending: true } session) return;
        var more = false;
        lock (session.Gate)
        {
            session.MorePending = false;
            if (ReferenceEquals(session.Link, Link)) more = session.Pump(context);
        }

        if (more) Resume();
    }

    /// <summary>Has the session go on sending, later and on another thread.</summary>
    public void Resume() => ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.OnDrained(), this, preferLocal: false);

    /// <summary>The output has room again, or retained messages are left: the session goes on sending.</summary>
    private void OnDrained()
    {
        Link.AccountOutput();
        var session = Session;
        if (session is null || IsClosing) return;
        var context = BatchContext.Begin();
        var more = false;
        lock (session.Gate)
        {
            if (ReferenceEquals(session.Link, Link)) more = session.Pump(context);
        }

        context.End(Core.Environment.Counters);
        if (more) Resume();
    }

    private async Task CloseTransportAsync()
    {
        try
        {
            var linger = Core.Environment.Options.CloseLinger;
            // Nothing follows DISCONNECT [MQTT-3.14.4-2].
            await (Cause == DisconnectCause.ClientDisconnected ? _transport.CloseAfterLastAsync(linger) : _transport.CloseAsync(linger));
        }
        catch (IOException)
        {
            _transport.Abort();
        }
    }

    private async Task EndAsync()
    {
        Core.Environment.Wheel.Cancel(this);
        if (Interlocked.CompareExchange(ref _cause, (int)CauseOfEnd(), 0) == 0)
        {
            bool send;
            lock (Link.Gate)
            {
                Link.IsClosed = true;
                // A peer that has ended its half alone may read what its last packets led to, and the flush may have been put off.
                send = !Link.IsHeld && Link.Output.Commit();
            }

            if (send) Link.Output.Send();
        }

        Depart();
        await CloseTransportAsync();
        GiveUpHeld();
        await _transport.DisposeAsync();
        _pace?.Dispose();
        Link.AccountOutput();
        // Left only now: who waits for the table to empty finds every buffer returned.
        Core.Connections.Remove(this);
    }

    private DisconnectCause CauseOfEnd()
    {
        if (_transport.Failure is not null) return DisconnectCause.ProtocolError;
        return _transport.Error == System.Net.Sockets.SocketError.Success ? DisconnectCause.ConnectionClosed : DisconnectCause.NetworkError;
    }

    private void Depart()
    {
        if (Session is { } session)
        {
            var context = BatchContext.Begin();
            Core.Sessions.Leave(session, Link, context);
            context.End(Core.Environment.Counters);
            LogDeparture();
            Notify(new ClientDisconnectedEventArgs(session.ClientId, Cause));
        }
        else if (Cause is not (DisconnectCause.QuotaExceeded or DisconnectCause.NotAuthorized))
        {
            LogDeparture();
        }
    }

    private void Notify(ClientDisconnectedEventArgs args)
    {
        if (Core.Events.Disconnected is not { } handler) return;
        EventCaller.Call(Core.Environment.Log, handler, args);
    }

    private void LogDeparture()
    {
        var log = Core.Environment.Log;
        if (!log.IsEnabled(Microsoft.Extensions.Logging.LogLevel.Information) || !Core.PeerLog.TryTake(Core.Environment.Clock.Now)) return;
        // Why a handshake failed is an error, which is told even where connects and disconnects are not.
        if (_transport.Failure is { } failure) BrokerLog.TlsFailed(log, failure);
        if (!Core.Environment.Options.ConnectionMessages) return;
        if (Cause == DisconnectCause.ClientDisconnected) BrokerLog.ClientDisconnected(log, ClientIdText, AddressText);
        else if (_rule is not null) BrokerLog.ClientDisconnectedByRule(log, ClientIdText, AddressText, Cause.ToLogText(), _rule);
        else BrokerLog.ClientDisconnectedBecause(log, ClientIdText, AddressText, Cause.ToLogText());
    }
}
