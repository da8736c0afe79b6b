using Nightjar.Broker.Configuration;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security;

namespace Nightjar.Broker;

/// <content>Changing everything while it runs.</content>
public sealed partial class MqttBroker
{
    private readonly SemaphoreSlim _changing = new(1, 1);

    /// <summary>Puts new options and rules into force while the broker runs, all or nothing.</summary>
    /// <param name="options">The options from now on. Limits hold at once, for connected clients too; what CONNACK told a client stays as told.
    /// The size of the route cache stays what it was at the start.</param>
    /// <param name="authenticator">Who may connect from now on; null as for the constructor. Connected clients it would not let in
    /// (<see cref="IAuthenticator.IsStillAllowed"/>) are disconnected with 0x98.</param>
    /// <param name="authorizer">Who may do what from now on; null as for the constructor. Connected clients are judged by it at once.</param>
    /// <param name="authenticationMethods">Methods of enhanced authentication from now on; null for none.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message names all that are. Nothing has changed.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">A new listener's address cannot be listened on. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The broker is not running.</exception>
    /// <remarks>Listeners of equal address and kind keep their socket. Clients of a listener that is gone are disconnected (0x98); their sessions
    /// stay as their expiry says. One reload at a time; a second waits.</remarks>
    public async Task<ReloadResult> ReloadAsync(
        BrokerOptions options,
        IAuthenticator? authenticator = null,
        IAuthorizer? authorizer = null,
        IReadOnlyList<IAuthenticationMethod>? authenticationMethods = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = options.Validate();
        if (errors.Count > 0) throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        var admission = new Admission(authenticator, authenticationMethods);
        await _changing.WaitAsync();
        try
        {
            if (Volatile.Read(ref _state) != 1) throw new InvalidOperationException("Only a running broker can be reloaded.");
            var change = await _listeners.PrepareAsync(options.Listeners);
            // In this order: who reads the new admission must not read old options after it.
            _core.Environment.Options = options;
            _core.Admission = admission.With(change);
            ReplaceAuthorizer(authorizer);
            await _listeners.CommitAsync(change);
            foreach (var item in change.Items) LogListening(item);
            return new ReloadResult(change.Items.Count(item => item.Opened is not null), change.Removed.Count, JudgeAll());
        }
        finally
        {
            _changing.Release();
        }
    }

    private void LogListening(ListenerChangeItem item)
    {
        if (item.Opened is null) return;
        var log = _core.Environment.Log;
        if (item.Opened.LocalEndPoint is System.Net.IPEndPoint endPoint) BrokerLog.Listening(log, KindOf(item.Options), endPoint.Port);
        else BrokerLog.ListeningOnPath(log, item.Opened.LocalEndPoint.ToString()!);
    }

    // A connection that is being let in right now is not missed: it looks at the admission again after it has its session.
    private int JudgeAll()
    {
        Interlocked.MemoryBarrier();
        return _core.Connections.All.Count(connection => connection.JudgeAgain());
    }
}
