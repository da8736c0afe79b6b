using System.Collections.ObjectModel;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;

namespace Nightjar.Broker.Connections;

/// <summary>Who decides whether a client is let in. Immutable: a reload swaps the reference, and a connection that was judged by an earlier one is judged again.</summary>
internal sealed class Admission
{
    internal Admission(IAuthenticator? authenticator, IReadOnlyList<IAuthenticationMethod>? methods)
        : this(authenticator ?? AnonymousAuthenticator.Instance, (methods ?? []).ToDictionary(method => method.Name, StringComparer.Ordinal))
    {
    }

    private Admission(IAuthenticator authenticator, IReadOnlyDictionary<string, IAuthenticationMethod> methods)
    {
        Authenticator = authenticator;
        Methods = methods;
    }

    internal IAuthenticator Authenticator { get; }

    /// <summary>Methods of enhanced authentication by name.</summary>
    internal IReadOnlyDictionary<string, IAuthenticationMethod> Methods { get; }

    /// <summary>What listeners say that were there before the reload, so that authenticator and listener are of one configuration while the sockets are still being changed.</summary>
    internal IReadOnlyDictionary<ListenerLoop, ListenerOptions> Listeners { get; init; } = ReadOnlyDictionary<ListenerLoop, ListenerOptions>.Empty;

    /// <summary>The same with what a prepared change says of the listeners.</summary>
    internal Admission With(ListenerChange change) => new(Authenticator, Methods)
    {
        Listeners = change.Items.Where(item => (item.Kept ?? item.Replaced) is not null).ToDictionary(item => (item.Kept ?? item.Replaced)!, item => item.Options),
    };

    /// <summary>The same as another object.</summary>
    internal Admission Renewed() => new(Authenticator, Methods) { Listeners = Listeners };

    /// <summary>What holds for the clients of a listener under this admission.</summary>
    internal ListenerOptions OptionsOf(ListenerLoop loop)
    {
        loop = loop.Current;
        return Listeners.TryGetValue(loop, out var options) ? options : loop.Options;
    }
}
