using Nightjar.Broker.Connections;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary>
/// Has a change of dynamic security felt by connected clients: every decision that was made before is made anew, and who would not be let in now is
/// disconnected. In strict mode everybody whom a change concerns is disconnected at the next tick, as Mosquitto does.
/// </summary>
internal sealed class DynamicSecurityWatch(BrokerCore core)
{
    private readonly Lock _gate = new();
    private readonly HashSet<ClientConnection> _kicked = [];
    private HashSet<DynamicSecurityService> _watched = [];

    /// <summary>Follows what is part of the rules from now on, and nothing else.</summary>
    internal void Follow(IAuthorizer? authorizer)
    {
        HashSet<DynamicSecurityService> wanted = authorizer is IDynamicSecuritySource source ? [.. source.All] : [];
        lock (_gate)
        {
            foreach (var security in wanted.Except(_watched))
            {
                security.Connections = new ConnectedUsers(core, security);
                security.Changed += OnChanged;
            }

            foreach (var security in _watched.Except(wanted))
            {
                security.Changed -= OnChanged;
                security.Connections = null;
            }

            _watched = wanted;
        }
    }

    /// <summary>Disconnects whom changes have concerned since the last time, in strict mode.</summary>
    internal void Tick()
    {
        ClientConnection[] kicked;
        lock (_gate)
        {
            if (_kicked.Count == 0) return;
            kicked = [.. _kicked];
            _kicked.Clear();
        }

        foreach (var connection in kicked) connection.CloseWithoutWill("dynamic security changed");
    }

    private void OnChanged(DynamicSecurityService security, DynamicSecurityState old, DynamicSecurityChange change)
    {
        core.Environment.Gate.Renew();
        if (core.Environment.Options.StrictCompatibility) Kick(security, old, change);
        else if (change.Everything || !change.Clients.IsEmpty) Judge(security, old, change);
    }

    // A connection that is being let in right now is not missed: it finds another admission after it has its session, and is judged then.
    private void Judge(DynamicSecurityService security, DynamicSecurityState old, DynamicSecurityChange change)
    {
        core.RenewAdmission();
        var now = security.Program.State;
        foreach (var connection in ConnectionsOf(security))
        {
            var userName = connection.Identity.UserName;
            if (!change.Everything && (userName is null || !change.Clients.Contains(userName))) continue;
            // A certificate or a method may let the user in again, as somebody that nobody here knows.
            if (userName is not null && old.Clients.ContainsKey(userName) && !now.Clients.ContainsKey(userName)) connection.CloseWithoutWill("the client was deleted");
            else connection.JudgeAgain(keepsWill: false);
        }
    }

    private void Kick(DynamicSecurityService security, DynamicSecurityState old, DynamicSecurityChange change)
    {
        core.RenewAdmission();
        var affected = new AffectedUsers(old, security.Program.State, change);
        foreach (var connection in ConnectionsOf(security))
        {
            if (!affected.Contains(connection.Identity.UserName)) continue;
            lock (_gate) _kicked.Add(connection);
        }
    }

    private IEnumerable<ClientConnection> ConnectionsOf(DynamicSecurityService security)
    {
        var rules = core.Environment.Gate.Authorizer as IDynamicSecuritySource;
        return core.Connections.All.Where(
            connection => connection.Session is not null && !connection.IsClosing && ReferenceEquals(rules?.Of(connection.Identity.SecurityDomain), security));
    }
}
