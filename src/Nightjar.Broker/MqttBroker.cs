using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Control;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Limits;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Metrics;
using Nightjar.Broker.Persistence;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Subscriptions;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.Broker;

/// <summary>
/// An MQTT 3.1, 3.1.1 and 5.0 broker inside an application: listens where its options say, and lets the application publish, subscribe and
/// watch without a socket.
/// </summary>
/// <remarks>All members may be called from any thread. Start once, stop once; state lives as long as the object, or as the store it was given.</remarks>
public sealed partial class MqttBroker : IAsyncDisposable
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(250);
    private readonly BrokerCore _core;
    private readonly BrokerMeter _meter;
    private readonly SysTopics _sysTopics;
    private readonly ListenerSet _listeners;
    private readonly ControlPoint _control;
    private readonly DynamicSecurityWatch _watch;
    private ITimer? _ticker;
    private long _nextSweep;
    private int _ticking;
    private bool _isOwing;
    private int _state;

    /// <summary>Makes a broker that lets in whom its options and <paramref name="authenticator"/> say.</summary>
    /// <param name="options">Limits and listeners; see <see cref="BrokerOptions.Validate"/>.</param>
    /// <param name="log">Where log lines go; null for nowhere.</param>
    /// <param name="timeProvider">Every clock of the broker; null for the system's.</param>
    /// <param name="authenticator">Who may connect; null: everybody while <see cref="BrokerOptions.AllowAnonymous"/> is true, nobody otherwise.</param>
    /// <param name="authorizer">Who may do what; null: everybody everything but the broker's own topics.</param>
    /// <param name="authenticationMethods">Methods of enhanced authentication (v5); null for none.</param>
    /// <param name="store">What the broker starts from and where it keeps what must outlive it; null: state lives as long as the broker.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names all that are.</exception>
    /// <exception cref="IOException">The store cannot be read, or is damaged.</exception>
    /// <remarks>Reads all of the store. Wills and sessions whose time came meanwhile are dealt with before the first client is let in.</remarks>
    public MqttBroker(
        BrokerOptions? options = null,
        ILogger? log = null,
        TimeProvider? timeProvider = null,
        IAuthenticator? authenticator = null,
        IAuthorizer? authorizer = null,
        IReadOnlyList<IAuthenticationMethod>? authenticationMethods = null,
        MqttBrokerStore? store = null)
        : this(options ?? new BrokerOptions(), log, timeProvider, authenticator, authorizer, authenticationMethods, clock => store?.Open(clock) ?? BrokerStores.InMemory())
    {
    }

    internal MqttBroker(
        BrokerOptions options,
        ILogger? log,
        TimeProvider? timeProvider,
        IAuthenticator? authenticator,
        IAuthorizer? authorizer,
        IReadOnlyList<IAuthenticationMethod>? authenticationMethods,
        Func<BrokerClock, BrokerStores> open)
    {
        var errors = options.Validate();
        if (errors.Count > 0) throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        var clock = new BrokerClock(timeProvider ?? TimeProvider.System);
        var environment = new SessionEnvironment(options, clock, new AccessGate(authorizer), open(clock), log ?? NullLogger.Instance);
        _core = new BrokerCore(environment, new Admission(authenticator, authenticationMethods));
        _listeners = new ListenerSet(_core);
        _control = new ControlPoint(_core, [new DynamicSecurityEndpoint(_core), new BrokerEndpoint(_core, _listeners)]);
        _core.Control = _control;
        _watch = new DynamicSecurityWatch(_core);
        FollowRules(authorizer);
        environment.Stores.Condition.OnChanged(OnStoreChanged);
        environment.Stores.Condition.OnBusyChanged(OnStoreBusyChanged);
        StateRecovery.Run(_core);
        _meter = new BrokerMeter(_core);
        _sysTopics = new SysTopics(_core);
    }

    /// <summary>A client was let in. Called on an I/O thread.</summary>
    public event Action<ClientConnectedEventArgs>? ClientConnected
    {
        add => _core.Events.Connected += value;
        remove => _core.Events.Connected -= value;
    }

    /// <summary>A client that had been let in is gone. Called on an I/O thread.</summary>
    public event Action<ClientDisconnectedEventArgs>? ClientDisconnected
    {
        add => _core.Events.Disconnected += value;
        remove => _core.Events.Disconnected -= value;
    }

    /// <summary>A message was accepted. Called on an I/O thread; while there is a handler, each message costs a copy.</summary>
    public event Action<MessagePublishedEventArgs>? MessagePublished
    {
        add => _core.Events.Published += value;
        remove => _core.Events.Published -= value;
    }

    /// <summary>The options in force.</summary>
    public BrokerOptions Options => _core.Environment.Options;

    /// <summary>Where the broker listens now, in the order of its options; ports that were 0 are the ones taken.</summary>
    public IReadOnlyList<EndPoint> EndPoints => _listeners.EndPoints;

    /// <summary>Connections now, those before CONNECT included.</summary>
    public int ConnectionCount => _core.Connections.Count;

    /// <summary>Sessions now, offline ones included.</summary>
    public int SessionCount => _core.Sessions.Table.Count;

    /// <summary>Retained messages now.</summary>
    public int RetainedCount => _core.Router.Retained.Count;

    internal BrokerCore Core => _core;

    internal BrokerMeter Instruments => _meter;

    /// <summary>Opens the listeners and starts the clock.</summary>
    /// <param name="listening">Called when every socket is open and nobody was accepted yet: where a process gives up the rights that opening them needed.
    /// When it throws, the sockets are closed again.</param>
    /// <exception cref="System.Net.Sockets.SocketException">An address cannot be listened on; nothing is left open then.</exception>
    /// <exception cref="InvalidOperationException">The broker was started before.</exception>
    public async Task StartAsync(Action? listening = null)
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) != 0) throw new InvalidOperationException("A broker is started once.");
        var log = _core.Environment.Log;
        BrokerLog.Starting(log, Options.VersionText);
        Tick();
        var change = await _listeners.PrepareAsync(Options.Listeners);
        foreach (var item in change.Items) LogListening(item);
        try
        {
            listening?.Invoke();
        }
        catch
        {
            foreach (var item in change.Items) await item.Opened!.Top.DisposeAsync();
            throw;
        }

        await _listeners.CommitAsync(change);
        _sysTopics.Start();
        _ticker = _core.Environment.Clock.Provider.CreateTimer(static state => ((MqttBroker)state!).Tick(), this, TickPeriod, TickPeriod);
        BrokerLog.Running(log, Options.VersionText);
    }

    /// <summary>Serves the connections of a listener the application brought, as if it were one of the options'.</summary>
    /// <param name="listener">The listener; the broker closes it when it stops.</param>
    /// <param name="options">What holds for its clients; null for the defaults.</param>
    public void Serve(TransportListener listener, ListenerOptions? options = null)
    {
        // Before the start nothing else deals with what became due while no broker ran.
        if (Volatile.Read(ref _state) == 0) Tick();
        options ??= new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        _listeners.Serve(ListenerStack.Over(listener, options), options);
    }

    /// <summary>Publishes a message as the broker itself.</summary>
    /// <param name="topicName">Topic name, without wildcards.</param>
    /// <param name="payload">Payload; not kept after the call unless somebody must wait for it.</param>
    /// <param name="qos">Quality of service.</param>
    /// <param name="retain">Whether it becomes the retained message of its topic; an empty payload clears that.</param>
    /// <param name="expiry">After how long it is no longer delivered [MQTT-3.3.2-5]; null: never.</param>
    /// <returns>Success, or NoMatchingSubscribers.</returns>
    /// <exception cref="ArgumentException">The topic name is not valid.</exception>
    /// <remarks>Delivered when the call returns. Allocates nothing beyond the encoded topic name.</remarks>
    public ReasonCode Publish(
        string topicName, ReadOnlySpan<byte> payload, QualityOfService qos = QualityOfService.AtMostOnce, bool retain = false, TimeSpan? expiry = null)
    {
        var topic = Encoding.UTF8.GetBytes(topicName);
        if (!Utf8Text.IsValid(topic) || !TopicName.IsValid(topic, Options.MaximumTopicLevels))
            throw new ArgumentException($"'{topicName}' is not a topic name: 1 to 65535 bytes, no wildcards, at most {Options.MaximumTopicLevels} levels.", nameof(topicName));
        var code = PublishAsBroker(topic, payload, qos, retain, expiry);
        if (_core.Events.Published is { } handler)
            EventCaller.Call(_core.Environment.Log, handler, new MessagePublishedEventArgs(null, topicName, payload.ToArray(), qos, retain));
        return code;
    }

    /// <summary>Subscribes the application itself. Retained messages that match are handed over before the call returns.</summary>
    /// <param name="topicFilter">Topic filter; <c>$share/name/filter</c> makes the handler a member of a shared subscription.</param>
    /// <param name="handler">Called for each message, on the thread that published it.</param>
    /// <param name="maximumQoS">Highest QoS reported to the handler.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    /// <exception cref="ArgumentException">The filter is not valid.</exception>
    public IDisposable Subscribe(string topicFilter, MessageHandler handler, QualityOfService maximumQoS = QualityOfService.ExactlyOnce)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ReadOnlySpan<byte> filter = Encoding.UTF8.GetBytes(topicFilter);
        byte[]? shareName = null;
        if (SharedSubscription.TryParse(filter, out var shared))
        {
            shareName = shared.ShareName.ToArray();
            filter = shared.TopicFilter;
        }

        if (!Utf8Text.IsValid(filter) || !TopicFilter.IsValid(filter, Options.MaximumTopicLevels))
            throw new ArgumentException($"'{topicFilter}' is not a topic filter.", nameof(topicFilter));
        var subscriber = new LocalSubscriber(handler, exception => BrokerLog.HandlerFailed(_core.Environment.Log, exception));
        var subscription = new Subscription(subscriber, filter.ToArray(), shareName, maximumQoS);
        _core.Router.Subscriptions.Add(subscription);
        if (shareName is null)
        {
            var cursor = _core.Router.Retained.Match(subscription.TopicFilter);
            while (cursor.MoveNext(out var message))
            {
                if (message.ExpiresAt > _core.Environment.Clock.Now) subscriber.DeliverRetained(message);
            }
        }

        return new LocalSubscription(_core.Router, subscription);
    }

    /// <summary>Closes the connection of a client with 0x98; its session stays as its expiry says.</summary>
    /// <returns>False when no client with this id is connected.</returns>
    public bool Disconnect(string clientId, string? reason = null)
    {
        if (!_core.Sessions.Table.TryGet(Encoding.UTF8.GetBytes(clientId), out var session)) return false;
        if (session.Link?.Owner is not ClientConnection connection) return false;
        connection.Close(DisconnectCause.AdministrativeAction, ReasonCode.AdministrativeAction, null, reason);
        return true;
    }

    /// <summary>Replaces the rules of who may do what; connected clients stay and are judged by the new ones at once.</summary>
    public void ReplaceAuthorizer(IAuthorizer? authorizer)
    {
        // Before the rules are in force: a change of them that comes between makes what was decided by then be decided anew.
        FollowRules(authorizer);
        _core.Environment.Gate.Replace(authorizer);
    }

    /// <summary>Writes the subscriptions of all sessions as a tree of topic levels with client ids and granted QoS. For people; costs a sort of them.</summary>
    public void WriteSubscriptions(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        SubscriptionTreeText.Write(_core.Sessions.Table.ToArray(), writer);
    }

    /// <summary>Stops listening, tells v5 clients 0x8B and closes everything. Sessions that end with their connection end; wills are published.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _state, 2) != 1) return;
        // A reload under way ends first, so that it opens nothing behind our back.
        await _changing.WaitAsync();
        _changing.Release();
        BrokerLog.Terminating(_core.Environment.Log, Options.VersionText);
        await _control.DisposeAsync();
        await _listeners.CloseAsync();
        while (true)
        {
            var left = _core.Connections.All;
            if (left.Length == 0) break;
            foreach (var connection in left) connection.Close(DisconnectCause.ServerShuttingDown, ReasonCode.ServerShuttingDown);
            await Task.WhenAll(left.Select(connection => connection.Ended));
        }

        if (_ticker is not null) await _ticker.DisposeAsync();
        _watch.Follow(null);
        _meter.Dispose();
    }

    /// <summary>Stops the broker if it runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        // What was never started goes on following what may live longer.
        _watch.Follow(null);
        _meter.Dispose();
    }

    internal ReasonCode PublishAsBroker(ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload, QualityOfService qos, bool retain, TimeSpan? expiry = null) =>
        BrokerPublisher.Publish(_core, topicName, payload, qos, retain, expiry);

    /// <summary>What is due: timers, $SYS, expired retained messages. The ticker calls it; one at a time.</summary>
    internal void Tick()
    {
        if (Interlocked.Exchange(ref _ticking, 1) != 0) return;
        try
        {
            var now = _core.Environment.Clock.Now;
            _core.Environment.Wheel.Advance(now);
            _watch.Tick();
            _core.Environment.Stalled.Retry();
            CloseOwedLate();
            _sysTopics.Tick(now);
            if (now < _nextSweep) return;
            _nextSweep = now + 60_000;
            _core.Router.SweepRetained();
        }
        finally
        {
            Volatile.Write(ref _ticking, 0);
        }
    }

    private void FollowRules(IAuthorizer? authorizer)
    {
        _watch.Follow(authorizer);
        _core.Environment.Gate.HasControl = Options.EnableControlApi || authorizer is IDynamicSecuritySource source && source.All.Any();
    }

    // On the store's thread. What was taken before the failure is durable by now, so its answers are out; what was not taken has had none.
    private void OnStoreChanged(string? failure)
    {
        if (failure is not null)
        {
            BrokerLog.StoreFailed(_core.Environment.Log, failure);
            return;
        }

        BrokerLog.StoreRecovered(_core.Environment.Log, CloseOwed());
    }

    private void OnStoreBusyChanged(bool isBusy)
    {
        if (isBusy) BrokerLog.StoreBusy(_core.Environment.Log);
        else BrokerLog.StoreCalm(_core.Environment.Log, _core.Environment.Stores.Condition.IsFailed ? 0 : CloseOwed());
    }

    private int CloseOwed()
    {
        // Who is being left without an answer at this very moment is found at the next tick.
        Volatile.Write(ref _isOwing, true);
        var owed = _core.Connections.All.Where(connection => connection.OwesAnswer).ToArray();
        foreach (var connection in owed) connection.Close(DisconnectCause.StoreRecovered, ReasonCode.ImplementationSpecificError, null, "the store is back: send again what was not acknowledged");
        return owed.Length;
    }

    private void CloseOwedLate()
    {
        if (!Volatile.Read(ref _isOwing) || _core.Environment.Stores.Condition is { IsFailed: true } or { IsBusy: true }) return;
        CloseOwed();
        Volatile.Write(ref _isOwing, false);
    }

    // Mosquitto's word for the socket in its log.
    private static string KindOf(ListenerOptions options) =>
        options.Protocol == ListenerProtocol.WebSockets ? "websockets"
        : options.EndPoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4";

    private sealed class LocalSubscription(Router router, Subscription subscription) : IDisposable
    {
        public void Dispose() => router.Subscriptions.Remove(subscription.Subscriber, subscription.TopicFilter, subscription.ShareName);
    }
}
