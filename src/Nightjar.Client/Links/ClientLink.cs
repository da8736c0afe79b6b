using System.Diagnostics.CodeAnalysis;
using Nightjar.Client.Sessions;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Client.Links;

/// <summary>One network connection of a client: its output, its close path and what CONNACK said.</summary>
/// <remarks>Everything named ...Locked, and the session, is guarded by <see cref="Gate"/>. Sending is done after the gate was left.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The token source owns no timer and no handle, and may be cancelled by any thread after the end.")]
internal sealed class ClientLink
{
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<ConnectResult> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DisconnectCause> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private DisconnectCause? _cause;
    private TaskCompletionSource<AuthenticationChallenge?>? _reauthentication;

    internal ClientLink(MqttClient client, TransportConnection connection, MqttClientOptions options, ClientSession session, Lock gate)
    {
        Client = client;
        Connection = connection;
        Options = options;
        Session = session;
        Gate = gate;
        Aliases = new OutgoingAliases();
        Encoder = new PacketEncoder(this);
        KeepAlive = new KeepAliveTimer(this, client.TimeProvider);
        Facts = new ConnectResult { ClientId = options.ClientId };
    }

    internal MqttClient Client { get; }

    internal TransportConnection Connection { get; }

    internal MqttClientOptions Options { get; }

    internal ClientSession Session { get; }

    internal Lock Gate { get; }

    internal OutgoingAliases Aliases { get; }

    internal PacketEncoder Encoder { get; }

    internal KeepAliveTimer KeepAlive { get; }

    internal ProtocolVersion Version => Options.Version;

    internal bool IsVersion5 => Options.Version == ProtocolVersion.Mqtt50;

    /// <summary>What CONNACK said; before it, the defaults. Written once, under the gate.</summary>
    internal ConnectResult Facts { get; private set; }

    /// <summary>Messages that may still be sent before an acknowledgement [MQTT-4.9.0-1].</summary>
    internal int SendQuota { get; set; }

    /// <summary>Nothing more is written: DISCONNECT was sent, or the connection ended [MQTT-3.14.4-1].</summary>
    internal bool IsClosed { get; private set; }

    internal bool IsOpen => Facts.IsAccepted && !IsClosed;

    internal Task<ConnectResult> Connected => _connected.Task;

    internal Task<DisconnectCause> Ended => _ended.Task;

    internal CancellationToken Stopping => _stopping.Token;

    internal void Start()
    {
        lock (Gate) Encoder.WriteConnectLocked();
        CommitAndSend();
        _ = new LinkReceiver(this).RunAsync();
    }

    internal void Send() => Connection.Output.Send();

    /// <summary>Sends what handlers of a batch have written.</summary>
    internal void CommitAndSend()
    {
        bool send;
        lock (Gate) send = Connection.Output.Commit();
        if (send) Send();
    }

    /// <summary>Takes over what CONNACK said, sends again what the session holds, and lets the connect call return.</summary>
    internal void Accept(ConnectResult facts)
    {
        lock (Gate)
        {
            Facts = facts;
            if (facts.IsAccepted) ResumeLocked();
        }

        if (facts.IsAccepted) KeepAlive.Start(facts.KeepAlive);
        _connected.TrySetResult(facts);
    }

    /// <summary>Sends waiting messages while there is quota.</summary>
    internal void PumpLocked()
    {
        while (!IsClosed && SendQuota > 0 && Session.TryStartNext(out OutgoingPublish publish))
        {
            if (Encoder.TryWritePublishLocked(publish.Message, publish.PacketId, dup: false))
            {
                SendQuota--;
                continue;
            }

            Session.Remove(publish);
            publish.Complete(new PublishResult(PublishOutcome.NotAllowed, ReasonCode.PacketTooLarge));
        }
    }

    internal Task<AuthenticationChallenge?> BeginReauthenticationLocked() =>
        (_reauthentication = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Hands an AUTH 0x00 to whoever waits for it; false when nobody does.</summary>
    internal bool EndReauthentication(AuthenticationChallenge? challenge) =>
        Interlocked.Exchange(ref _reauthentication, null) is { } waiting && waiting.TrySetResult(challenge);

    /// <summary>Ends the connection with a DISCONNECT that names a broken rule (5.0), or without a word.</summary>
    internal void Fail(in ProtocolError error) =>
        Close(new DisconnectCause(DisconnectKind.ProtocolError, error.ReasonCode, error.Rule), sendDisconnect: IsVersion5);

    /// <summary>No CONNACK came in time; after it, this does nothing.</summary>
    internal void TimeOut()
    {
        if (!Facts.HasConnAck) Close(new DisconnectCause(DisconnectKind.ConnectTimeout), sendDisconnect: false);
    }

    /// <summary>The one close path; the first cause wins. The receive loop notices the end of its input and finishes.</summary>
    internal void Close(DisconnectCause cause, bool sendDisconnect, uint? sessionExpiryInterval = null, ReadOnlySpan<byte> userProperties = default)
    {
        if (Interlocked.CompareExchange(ref _cause, cause, null) is not null) return;
        bool send;
        lock (Gate)
        {
            if (sendDisconnect && (Facts.IsAccepted || IsVersion5)) Encoder.WriteDisconnectLocked(cause.ReasonCode, sessionExpiryInterval, userProperties);
            IsClosed = true;
            send = Connection.Output.Commit();
        }

        KeepAlive.Stop();
        _stopping.Cancel();
        if (send) Send();
        if (sendDisconnect || cause.Kind is DisconnectKind.ServerDisconnect or DisconnectKind.Refused) _ = CloseGracefullyAsync();
        else Connection.Abort();
    }

    /// <summary>Called once, by the receive loop, when nothing more will be received.</summary>
    internal async Task FinishAsync()
    {
        Close(new DisconnectCause(DisconnectKind.ConnectionLost, Error: Connection.Error), sendDisconnect: false);
        DisconnectCause cause = _cause!;
        lock (Gate)
        {
            bool keep = Facts.IsAccepted ? KeepsSession() : !Options.CleanStart;
            Session.OnConnectionLost(keep, Options.CompletePublishesOnDisconnect);
        }

        if (cause.Kind is DisconnectKind.Requested) await Connection.CloseAsync(s_linger).ConfigureAwait(false);
        await Connection.DisposeAsync().ConfigureAwait(false);
        EndReauthentication(null);
        Client.OnEnded(this, cause);
        _connected.TrySetResult(Facts with { IsAccepted = false, Cause = cause });
        _ended.TrySetResult(cause);
    }

    private bool KeepsSession() => IsVersion5 ? Facts.SessionExpiryInterval > 0 : Options.KeepsSession;

    private void ResumeLocked()
    {
        SendQuota = Math.Min(Facts.ReceiveMaximum, Options.MaximumInflight);
        if (!Facts.SessionPresent)
        {
            Session.Clear(PublishOutcome.SessionLost);
            return;
        }

        foreach (OutgoingPublish publish in Session.GetUnacknowledged())
        {
            SendQuota--;
            if (publish.State == DeliveryState.Released) RepeatReleaseLocked(publish);
            else ResendLocked(publish);
        }

        PumpLocked();
    }

    private void RepeatReleaseLocked(OutgoingPublish publish)
    {
        publish.IsReleaseRepeated = true;
        Encoder.WriteAcknowledgementLocked(PacketType.PubRel, publish.PacketId, ReasonCode.Success);
    }

    private void ResendLocked(OutgoingPublish publish)
    {
        if (Encoder.TryWritePublishLocked(publish.Message with { TopicAlias = 0 }, publish.PacketId, dup: true)) return;
        Session.Remove(publish);
        SendQuota++;
        publish.Complete(new PublishResult(PublishOutcome.NotAllowed, ReasonCode.PacketTooLarge));
    }

    private async Task CloseGracefullyAsync() => await Connection.CloseAsync(s_linger).ConfigureAwait(false);
}
