using System.Net;
using System.Text;
using Nightjar.Client.Links;
using Nightjar.Client.Sessions;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Client;

/// <summary>An MQTT 3.1, 3.1.1 and 5.0 client over any <see cref="TransportConnection"/>.</summary>
/// <remarks>
/// <para>One object is one session: it may connect again after its connection has ended, and then goes on with what was unacknowledged,
/// held in memory, if <see cref="MqttClientOptions.CleanStart"/> is false and the server still has the session [MQTT-4.4.0-1]. It does not
/// connect again by itself.</para>
/// <para>All members may be called from any thread. Callbacks come one at a time from the receive loop, which waits for them: they may
/// publish and acknowledge, but must not wait for something that this client will receive.</para>
/// <para>What a peer does never throws: it is in the results and in <see cref="DisconnectCause"/>.</para>
/// </remarks>
public sealed class MqttClient : IAsyncDisposable
{
    /// <summary>Unsent bytes from which an asynchronous QoS 0 publish waits for the network.</summary>
    private const int BackPressureThreshold = 1 << 20;

    private readonly Lock _gate = new();
    private readonly ClientSession _session = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private ClientLink? _link;
    private int _batches;
    private Task<DisconnectCause> _ended = Task.FromResult(new DisconnectCause(DisconnectKind.Aborted));

    /// <summary>Makes a client without a connection.</summary>
    /// <param name="timeProvider">Clock of the Keep Alive and of time-outs; null for the system's.</param>
    public MqttClient(TimeProvider? timeProvider = null) => TimeProvider = timeProvider ?? TimeProvider.System;

    /// <summary>Comes once when a connection ends for whatever reason, after its last message was delivered.</summary>
    public event Action<MqttClient, DisconnectCause>? Disconnected;

    /// <summary>Takes received messages. Set before connecting; without it messages are acknowledged and dropped.</summary>
    public ReceivedMessageHandler? MessageReceived { get; set; }

    /// <summary>The connection stands: CONNACK accepted it, and it has not ended.</summary>
    public bool IsConnected => _link is { IsOpen: true };

    /// <summary>What CONNACK of the present (or last) connection said; null before the first one.</summary>
    public ConnectResult? Connection { get; private set; }

    /// <summary>Completes when the present connection has ended (completed while there is none).</summary>
    public Task<DisconnectCause> Disconnection => _ended;

    /// <summary>QoS 1 and 2 messages that are not acknowledged yet, sent or waiting for quota.</summary>
    public int UnacknowledgedCount
    {
        get
        {
            lock (_gate) return _session.OutgoingCount + _session.WaitingCount;
        }
    }

    internal TimeProvider TimeProvider { get; }

    internal AcknowledgementQueue Acknowledgements { get; } = new();

    /// <summary>Connects to a TCP endpoint, then as <see cref="ConnectAsync(TransportConnection, MqttClientOptions, CancellationToken)"/>.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The endpoint cannot be reached.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">TLS was asked for and failed; the message says why.</exception>
    public async Task<ConnectResult> ConnectAsync(EndPoint endPoint, MqttClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        TransportConnection connection = await SocketTransport.ConnectAsync(endPoint, new SocketTransportOptions(), cancellationToken).ConfigureAwait(false);
        if (options.Tls is { } tls)
            connection = await tls.ConnectAsync(connection, options.TlsHost ?? HostOf(endPoint), cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(connection, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends CONNECT over a connection, which the client owns from here on, and waits for CONNACK (§3.1, §3.2).</summary>
    /// <param name="connection">A fresh network connection.</param>
    /// <param name="options">What CONNECT says.</param>
    /// <param name="cancellationToken">Gives up: the connection is aborted.</param>
    /// <returns>What the server said, or why there was no answer. Refusal, time-out and a lost connection are results.</returns>
    /// <exception cref="InvalidOperationException">There is a connection already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<ConnectResult> ConnectAsync(TransportConnection connection, MqttClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(options);
        ClientLink link;
        lock (_gate)
        {
            if (_link is not null) throw new InvalidOperationException("The client has a connection already.");
            if (options.CleanStart) _session.Clear(PublishOutcome.SessionLost);
            Acknowledgements.ClearLocked();
            link = new ClientLink(this, connection, options, _session, _gate);
            _link = link;
            _ended = link.Ended;
        }

        link.Start();
        using ITimer timer = TimeProvider.CreateTimer(
            static state => ((ClientLink)state!).TimeOut(), link, options.ConnectTimeout, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration registration = cancellationToken.Register(
            static state => ((ClientLink)state!).Close(new DisconnectCause(DisconnectKind.Aborted), sendDisconnect: false), link);
        ConnectResult result = await link.Connected.ConfigureAwait(false);
        Connection = result;
        if (result.IsAccepted) return result;
        await link.Ended.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    /// <summary>Begins a batch: until it is disposed, publishes are encoded and not sent, so that many leave with one system call.</summary>
    /// <remarks>Holds back the publishes of all threads. Batches may overlap; the end of the last one sends. What the receive loop sends takes
    /// the publishes written so far with it.</remarks>
    public PublishBatch BeginBatch()
    {
        lock (_gate) _batches++;
        return new PublishBatch(this);
    }

    /// <summary>Publishes a QoS 0 message without waiting and without allocation.</summary>
    /// <param name="topicName">Topic Name, UTF-8, without wildcards.</param>
    /// <param name="payload">Payload.</param>
    /// <param name="retain">RETAIN flag.</param>
    /// <param name="properties">Encoded properties (5.0).</param>
    /// <returns>False when there is no connection, or the server said it takes no such message.</returns>
    /// <remarks>Nothing holds back a caller that is faster than the network; <see cref="PublishAsync(MqttPublish, CancellationToken)"/> does.</remarks>
    public bool TryPublish(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, bool retain = false, ReadOnlySpan<byte> properties = default)
    {
        ClientLink? link = _link;
        if (link is null) return false;
        bool send;
        lock (_gate)
        {
            if (!link.IsOpen || (retain && !link.Facts.RetainAvailable)) return false;
            if (!link.Encoder.TryWriteAtMostOnceLocked(topicName, payload, retain, properties)) return false;
            send = _batches == 0 && link.Connection.Output.Commit();
        }

        if (send) link.Send();
        return true;
    }

    /// <summary>Publishes a message and completes when it was handed to the transport (QoS 0), on PUBACK (QoS 1) or on PUBCOMP (QoS 2).</summary>
    /// <param name="message">The message; its memory stays unchanged until then.</param>
    /// <param name="cancellationToken">Ends the waiting, not the delivery.</param>
    /// <returns>How it ended. QoS 0 completes synchronously and without allocation unless a megabyte waits for the network.</returns>
    /// <remarks>QoS 1 and 2 messages beyond the Receive Maximum of the server wait here, in order [MQTT-3.3.4-7, MQTT-4.9.0-2].</remarks>
    public ValueTask<PublishResult> PublishAsync(MqttPublish message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ClientLink? link = _link;
        if (link is null) return new(new PublishResult(PublishOutcome.NotConnected));
        OutgoingPublish? publish = null;
        bool send;
        lock (_gate)
        {
            if (!link.IsOpen) return new(new PublishResult(PublishOutcome.NotConnected));
            ReasonCode refusal = RefusalOf(message, link.Facts);
            if (refusal != ReasonCode.Success) return new(new PublishResult(PublishOutcome.NotAllowed, refusal));
            if (message.QoS == QualityOfService.AtMostOnce)
            {
                if (!link.Encoder.TryWritePublishLocked(message, 0, dup: false)) return new(new PublishResult(PublishOutcome.NotAllowed, ReasonCode.PacketTooLarge));
            }
            else
            {
                _session.Enqueue(publish = new OutgoingPublish(message));
                link.PumpLocked();
            }

            send = _batches == 0 && link.Connection.Output.Commit();
        }

        if (send) link.Send();
        if (publish is not null) return new(cancellationToken.CanBeCanceled ? publish.Completion.WaitAsync(cancellationToken) : publish.Completion);
        return link.Connection.Output.UnsentBytes < BackPressureThreshold
            ? new(new PublishResult(PublishOutcome.Sent))
            : FlushAsync(link, cancellationToken);
    }

    /// <summary>Publishes a payload to a topic; see <see cref="PublishAsync(MqttPublish, CancellationToken)"/>.</summary>
    public ValueTask<PublishResult> PublishAsync(
        string topicName, ReadOnlyMemory<byte> payload, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = false, CancellationToken cancellationToken = default) =>
        PublishAsync(MqttPublish.Create(topicName, payload, qos, retain), cancellationToken);

    /// <summary>Subscribes to one filter.</summary>
    public Task<SubscribeResult> SubscribeAsync(string topicFilter, QualityOfService maximumQoS = QualityOfService.AtMostOnce, CancellationToken cancellationToken = default) =>
        SubscribeAsync(new[] { new SubscriptionRequest(Encoding.UTF8.GetBytes(topicFilter), maximumQoS) }, cancellationToken: cancellationToken);

    /// <summary>Sends SUBSCRIBE and waits for SUBACK (§3.8, §3.9).</summary>
    /// <param name="subscriptions">At least one filter with its options [MQTT-3.8.3-2].</param>
    /// <param name="subscriptionIdentifier">1 to 268 435 455, or 0 for none. 5.0 only.</param>
    /// <param name="userProperties">Encoded user properties. 5.0 only.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The codes of the SUBACK; not answered when the connection ends first.</returns>
    public Task<SubscribeResult> SubscribeAsync(
        ReadOnlyMemory<SubscriptionRequest> subscriptions, uint subscriptionIdentifier = 0, ReadOnlyMemory<byte> userProperties = default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(subscriptions.Length);
        var request = new PendingRequest(PacketType.SubAck, subscriptions.Length);
        return RequestAsync(
            request, (link, packetId) => link.Encoder.TryWriteSubscribeLocked(packetId, subscriptions.Span, subscriptionIdentifier, userProperties.Span), cancellationToken);
    }

    /// <summary>Unsubscribes from one filter.</summary>
    public Task<SubscribeResult> UnsubscribeAsync(string topicFilter, CancellationToken cancellationToken = default) =>
        UnsubscribeAsync(new ReadOnlyMemory<byte>[] { Encoding.UTF8.GetBytes(topicFilter) }, cancellationToken: cancellationToken);

    /// <summary>Sends UNSUBSCRIBE and waits for UNSUBACK (§3.10, §3.11).</summary>
    /// <param name="topicFilters">At least one filter, UTF-8 [MQTT-3.10.3-2].</param>
    /// <param name="userProperties">Encoded user properties. 5.0 only.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The codes of the UNSUBACK; not answered when the connection ends first.</returns>
    public Task<SubscribeResult> UnsubscribeAsync(
        ReadOnlyMemory<ReadOnlyMemory<byte>> topicFilters, ReadOnlyMemory<byte> userProperties = default, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(topicFilters.Length);
        var request = new PendingRequest(PacketType.UnsubAck, topicFilters.Length);
        return RequestAsync(
            request, (link, packetId) => link.Encoder.TryWriteUnsubscribeLocked(packetId, topicFilters.Span, userProperties.Span), cancellationToken);
    }

    /// <summary>Acknowledges a received QoS 1 or 2 message, with <see cref="MqttClientOptions.ManualAcknowledgement"/>.</summary>
    /// <param name="packetId">Its Packet Identifier.</param>
    /// <param name="reasonCode">Reason code of PUBACK or PUBREC; 0x80 and above refuses the message (5.0).</param>
    /// <returns>False when no such message of this connection waits.</returns>
    /// <remarks>PUBACK and PUBREC leave in the order of receipt, whatever the order of the calls [MQTT-4.6.0-2].</remarks>
    public bool Acknowledge(ushort packetId, ReasonCode reasonCode = ReasonCode.Success)
    {
        ClientLink? link = _link;
        if (link is null) return false;
        bool send;
        lock (_gate)
        {
            if (!link.IsOpen || !Acknowledgements.AcknowledgeLocked(link, packetId, reasonCode)) return false;
            send = link.Connection.Output.Commit();
        }

        if (send) link.Send();
        return true;
    }

    /// <summary>Starts re-authentication with AUTH 0x19 (§4.12.1) and waits for AUTH 0x00.</summary>
    /// <returns>The server's last word, or null when the connection ended instead.</returns>
    /// <exception cref="InvalidOperationException">CONNECT named no Authentication Method [MQTT-4.12.1-1].</exception>
    public async Task<AuthenticationChallenge?> ReauthenticateAsync(ReadOnlyMemory<byte> authenticationData, CancellationToken cancellationToken = default)
    {
        ClientLink? link = _link;
        if (link is null) return null;
        if (link.Options.AuthenticationMethod is null) throw new InvalidOperationException("CONNECT named no Authentication Method.");
        Task<AuthenticationChallenge?> answer;
        lock (_gate)
        {
            if (!link.IsOpen) return null;
            answer = link.BeginReauthenticationLocked();
            link.Encoder.WriteAuthLocked(ReasonCode.ReAuthenticate, authenticationData.Span);
        }

        link.CommitAndSend();
        return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends one PINGREQ now, beside those of the Keep Alive.</summary>
    /// <returns>False when there is no connection.</returns>
    public bool TryPing()
    {
        ClientLink? link = _link;
        if (link is null) return false;
        lock (_gate)
        {
            if (!link.IsOpen) return false;
            link.Encoder.WritePingReqLocked();
        }

        link.CommitAndSend();
        return true;
    }

    /// <summary>Sends DISCONNECT, sends what is still to be sent, closes the connection and waits for its end (§3.14).</summary>
    /// <param name="reasonCode">Success, or DisconnectWithWillMessage (5.0).</param>
    /// <param name="sessionExpiryInterval">Replaces that of CONNECT, in seconds; null keeps it. 5.0 only.</param>
    /// <param name="userProperties">Encoded user properties. 5.0 only.</param>
    /// <remarks>Without a connection it does nothing.</remarks>
    public async Task DisconnectAsync(
        ReasonCode reasonCode = ReasonCode.NormalDisconnection, uint? sessionExpiryInterval = null, ReadOnlyMemory<byte> userProperties = default)
    {
        ClientLink? link = _link;
        if (link is null) return;
        link.Close(new DisconnectCause(DisconnectKind.Requested, reasonCode), sendDisconnect: true, sessionExpiryInterval, userProperties.Span);
        await link.Ended.ConfigureAwait(false);
    }

    /// <summary>Ends the connection at once, without DISCONNECT; the server publishes the will.</summary>
    public void Abort() => _link?.Close(new DisconnectCause(DisconnectKind.Aborted), sendDisconnect: false);

    /// <summary>Aborts the connection if there is one, waits for its end, and fails what is pending.</summary>
    public async ValueTask DisposeAsync()
    {
        ClientLink? link = _link;
        if (link is not null)
        {
            Abort();
            await link.Ended.ConfigureAwait(false);
        }

        lock (_gate) _session.Clear(PublishOutcome.SessionLost);
        _flushing.Dispose();
    }

    internal void EndBatch()
    {
        ClientLink? link = _link;
        bool send;
        lock (_gate) send = --_batches == 0 && link is not null && link.Connection.Output.Commit();
        if (send) link!.Send();
    }

    internal void OnEnded(ClientLink link, DisconnectCause cause)
    {
        lock (_gate)
        {
            if (_link == link) _link = null;
        }

        if (link.Facts.IsAccepted) Disconnected?.Invoke(this, cause);
    }

    private static string HostOf(EndPoint endPoint) => endPoint switch
    {
        DnsEndPoint dns => dns.Host,
        IPEndPoint address => address.Address.ToString(),
        _ => "localhost",
    };

    private static ReasonCode RefusalOf(MqttPublish message, ConnectResult facts)
    {
        if (message.QoS > facts.MaximumQoS) return ReasonCode.QoSNotSupported;
        if (message.Retain && !facts.RetainAvailable) return ReasonCode.RetainNotSupported;
        if (message.TopicAlias > facts.TopicAliasMaximum) return ReasonCode.TopicAliasInvalid;
        return message.TopicName.IsEmpty && message.TopicAlias == 0 ? ReasonCode.TopicNameInvalid : ReasonCode.Success;
    }

    private async Task<SubscribeResult> RequestAsync(PendingRequest request, Func<ClientLink, ushort, bool> write, CancellationToken cancellationToken)
    {
        ClientLink? link = _link;
        if (link is null) return SubscribeResult.Unanswered;
        lock (_gate)
        {
            if (!link.IsOpen || !_session.TryAddRequest(request, out ushort packetId)) return SubscribeResult.Unanswered;
            if (!write(link, packetId))
            {
                _session.TryRemoveRequest(packetId, out _);
                return SubscribeResult.Unanswered;
            }
        }

        link.CommitAndSend();
        return await request.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<PublishResult> FlushAsync(ClientLink link, CancellationToken cancellationToken)
    {
        await _flushing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await link.Connection.Output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _flushing.Release();
        }

        return new PublishResult(PublishOutcome.Sent);
    }
}
