using Nightjar.Broker.Configuration;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <content>Who the client is, and whether it still may be, after a reload too.</content>
internal sealed partial class ClientConnection
{
    /// <summary>Makes a token that is cancelled when the connection closes while CONNECT is answered.</summary>
    internal CancellationToken BeginAuthentication()
    {
        var source = new CancellationTokenSource();
        // A full fence: either this sees that the connection closes, or Close sees the source.
        Interlocked.Exchange(ref _authenticating, source);
        if (IsClosing) source.Cancel();
        return source.Token;
    }

    /// <summary>Sets who the client is, once it is authenticated.</summary>
    internal void Authenticated(Identity identity, IdentityProof proof, object? credential)
    {
        Identity = identity;
        Proof = proof;
        Credential = credential;
        Volatile.Write(ref _authenticating, null);
    }

    /// <summary>
    /// CONNECT is there: from here on the connection goes by what holds now, authenticator and listener of one configuration. It may have been
    /// accepted before a reload.
    /// </summary>
    /// <returns>False: the listener is gone, or tells users and topics by other means than when the connection was accepted: the client is to come again.</returns>
    internal bool TryTakeRules()
    {
        Admission = Core.Admission;
        if (Loop is null) return true;
        var listener = Admission.OptionsOf(Loop);
        if (Loop.Current.IsRemoved || !Listener.TellsUsersAs(listener) || !IsTrustedBy(listener)) return false;
        Listener = listener;
        return true;
    }

    /// <summary>After a reload, or a change of users: ends the connection when its listener is gone or its client would not be let in now. Nothing happens before CONNECT is accepted.</summary>
    /// <param name="keepsWill">False: a client that goes is an enemy now, and so is its will.</param>
    /// <returns>Whether it was ended.</returns>
    internal bool JudgeAgain(bool keepsWill = true)
    {
        Interlocked.MemoryBarrier();
        if (Session is null || IsClosing) return false;
        if (Loop is { Current.IsRemoved: true }) return CloseByReload("listener removed");
        var admission = Core.Admission;
        if (ReferenceEquals(admission, Admission)) return false;
        Admission = admission;
        var listener = Loop is null ? Listener : admission.OptionsOf(Loop);
        // Rights belong to the identity, and that to the rules it was found under; the client comes back under the new ones.
        if (!string.Equals(listener.SecurityDomain, Identity.SecurityDomain, StringComparison.Ordinal)) return CloseByReload("the listener has other rules now");
        if (!IsTrustedBy(listener)) return CloseByReload("certificate or key is no longer trusted");
        if (AuthenticationMethod is { } method && !admission.Methods.ContainsKey(method.Name)) return CloseByReload("authentication method is no longer available");
        var anonymous = listener.AllowAnonymous ?? Core.Environment.Options.AllowAnonymous;
        var proof = AuthenticationMethod is null ? Proof : IdentityProof.AuthenticationMethod;
        if (admission.Authenticator.IsStillAllowed(Identity, proof, Credential, anonymous)) return false;
        return keepsWill ? CloseByReload("credentials are no longer valid") : CloseWithoutWill("credentials are no longer valid");
    }

    /// <summary>Ends the connection of a client that lost its right to be here; its will is not published.</summary>
    /// <returns>True.</returns>
    internal bool CloseWithoutWill(string reason)
    {
        if (Session is { } session) Core.Sessions.DiscardWill(session, Link);
        return CloseByReload(reason);
    }

    // Our own listener's context is the one of the handshake, or one that trusted it since.
    private bool IsTrustedBy(ListenerOptions listener) =>
        Tls is not { } session || listener.Tls is not { } now || Listener.Tls is not { } then || ReferenceEquals(now, then) || now.StillTrusts(then, session);

    private bool CloseByReload(string reason)
    {
        Close(DisconnectCause.AdministrativeAction, ReasonCode.AdministrativeAction, null, reason);
        return true;
    }
}
